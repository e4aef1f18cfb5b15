-- The ledger: balanced transfers, never changed, never deleted.

create table pinchwork.entry (
    id      text collate "C" not null,
    source  text collate "C" not null,            -- the account that paid
    target  text collate "C" not null,            -- the account that received
    amount  bigint not null,
    kind    text   not null,
    agent   text collate "C" not null default '', -- '' when no ordinary agent is a side
    seq     bigint not null default 0,            -- per agent, from 1, without gaps
    task    text collate "C" not null default '',
    fee     bigint not null default 0,
    note    text   not null default '',
    at      timestamptz not null,
    balance bigint not null default 0,            -- of the agent, after the commit
    earned  bigint not null default 0,            -- likewise
    latest  timestamptz not null                  -- the latest instant among the agent's entries so far
);

create unique index entry_of_agent on pinchwork.entry (agent, seq) where agent <> '';
create unique index entry_of_task on pinchwork.entry (task, kind) where task <> '';
create index entry_of_nobody on pinchwork.entry (id) where agent = '';
