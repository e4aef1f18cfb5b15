-- What has moved to and from the platform's account, by kind, beside the other totals.
-- What was moved before is summed up once.
lock table pinchwork.entry in share mode;

alter table pinchwork.total_change
    add column registered  bigint not null default 0,
    add column granted     bigint not null default 0,
    add column clawed_back bigint not null default 0,
    add column fees        bigint not null default 0,
    add column system_pay  bigint not null default 0;

insert into pinchwork.total_change
    (posted, claimed, delivered, approved, expired, cancelled, escrowed, agents, registered, granted, clawed_back, fees, system_pay)
select 0, 0, 0, 0, 0, 0, 0, 0,
       coalesce(sum(e.amount) filter (where e.kind = 'signup_bonus'), 0), coalesce(sum(e.amount) filter (where e.kind = 'admin_grant'), 0),
       coalesce(sum(e.amount) filter (where e.kind = 'claw_back'), 0), coalesce(sum(e.amount) filter (where e.kind = 'platform_fee'), 0),
       coalesce(sum(e.amount) filter (where e.kind = 'system_payment'), 0)
from pinchwork.entry e
where e.kind in ('signup_bonus', 'admin_grant', 'claw_back', 'platform_fee', 'system_payment')
having count(*) > 0;
