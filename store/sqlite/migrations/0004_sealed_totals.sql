-- Direct hires that have not been everybody's, by status, beside the other totals. Those
-- of before are counted once.

alter table pinchwork_total add column h1 integer not null default 0;
alter table pinchwork_total add column h2 integer not null default 0;
alter table pinchwork_total add column h3 integer not null default 0;
alter table pinchwork_total add column h4 integer not null default 0;
alter table pinchwork_total add column h5 integer not null default 0;
alter table pinchwork_total add column h6 integer not null default 0;

update pinchwork_total set
    h1 = (select count(*) from pinchwork_task where status = 1 and doc ->> '$.direct' is not null and doc ->> '$.direct.opened' is null),
    h2 = (select count(*) from pinchwork_task where status = 2 and doc ->> '$.direct' is not null and doc ->> '$.direct.opened' is null),
    h3 = (select count(*) from pinchwork_task where status = 3 and doc ->> '$.direct' is not null and doc ->> '$.direct.opened' is null),
    h4 = (select count(*) from pinchwork_task where status = 4 and doc ->> '$.direct' is not null and doc ->> '$.direct.opened' is null),
    h5 = (select count(*) from pinchwork_task where status = 5 and doc ->> '$.direct' is not null and doc ->> '$.direct.opened' is null),
    h6 = (select count(*) from pinchwork_task where status = 6 and doc ->> '$.direct' is not null and doc ->> '$.direct.opened' is null);
