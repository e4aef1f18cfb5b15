-- Direct hires that have not been everybody's, by status, beside the other totals. Those
-- of before are counted once.
lock table pinchwork.task in share mode;

alter table pinchwork.total_change
    add column sealed_posted bigint not null default 0,
    add column sealed_claimed bigint not null default 0,
    add column sealed_delivered bigint not null default 0,
    add column sealed_approved bigint not null default 0,
    add column sealed_expired bigint not null default 0,
    add column sealed_cancelled bigint not null default 0;

insert into pinchwork.total_change
    (posted, claimed, delivered, approved, expired, cancelled, escrowed, agents, sealed_posted, sealed_claimed, sealed_delivered, sealed_approved, sealed_expired, sealed_cancelled)
select 0, 0, 0, 0, 0, 0, 0, 0,
       count(*) filter (where t.status = 1),
       count(*) filter (where t.status = 2),
       count(*) filter (where t.status = 3),
       count(*) filter (where t.status = 4),
       count(*) filter (where t.status = 5),
       count(*) filter (where t.status = 6)
from pinchwork.task t
where t.doc like '%"direct":{%' and t.doc::json -> 'direct' is not null and t.doc::json #> '{direct,opened}' is null
having count(*) > 0;
