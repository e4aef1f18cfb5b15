-- What has moved to and from the platform's account, by kind, beside the other totals.
-- What was moved before is summed up once.

alter table pinchwork_total add column registered integer not null default 0;
alter table pinchwork_total add column granted integer not null default 0;
alter table pinchwork_total add column clawed_back integer not null default 0;
alter table pinchwork_total add column fees integer not null default 0;
alter table pinchwork_total add column system_pay integer not null default 0;

update pinchwork_total set
    registered  = (select coalesce(sum(amount), 0) from pinchwork_entry where kind = 'signup_bonus'),
    granted     = (select coalesce(sum(amount), 0) from pinchwork_entry where kind = 'admin_grant'),
    clawed_back = (select coalesce(sum(amount), 0) from pinchwork_entry where kind = 'claw_back'),
    fees        = (select coalesce(sum(amount), 0) from pinchwork_entry where kind = 'platform_fee'),
    system_pay  = (select coalesce(sum(amount), 0) from pinchwork_entry where kind = 'system_payment');
