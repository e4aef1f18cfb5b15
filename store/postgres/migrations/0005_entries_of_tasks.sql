-- What operators grant and take back about a task may come several times.
create unique index entry_about_task on pinchwork.entry
    (task, kind, (case when kind in ('admin_grant', 'claw_back') then id else '' end)) where task <> '';
drop index pinchwork.entry_of_task;
