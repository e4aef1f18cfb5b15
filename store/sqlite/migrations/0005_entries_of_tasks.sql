-- What operators grant and take back about a task may come several times.
drop index pinchwork_entry_of_task;
create unique index pinchwork_entry_of_task on pinchwork_entry
    (task, kind, (case when kind in ('admin_grant', 'claw_back') then id else '' end)) where task is not null;
