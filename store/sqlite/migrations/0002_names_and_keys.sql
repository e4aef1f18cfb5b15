-- What finds an agent beside its key: what the host program calls it, and until an
-- instant the key that it had before.

alter table pinchwork_agent add column external_id text;                          -- null for none
alter table pinchwork_agent add column old_key blob;                              -- null for none
alter table pinchwork_agent add column old_key_until integer not null default 0;  -- 0 for never

create unique index pinchwork_agent_external on pinchwork_agent (external_id) where external_id is not null;
create unique index pinchwork_agent_old_key on pinchwork_agent (old_key) where old_key is not null;
