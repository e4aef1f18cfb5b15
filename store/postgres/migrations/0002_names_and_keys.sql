-- What finds an agent beside its key: what the host program calls it, and until an
-- instant the key that it had before.
alter table pinchwork.agent
    add column external_id   text collate "C",   -- null for none
    add column old_key       bytea,
    add column old_key_until timestamptz;

create unique index agent_external_id on pinchwork.agent (external_id) where external_id is not null;
create unique index agent_old_key on pinchwork.agent (old_key) where old_key is not null;
