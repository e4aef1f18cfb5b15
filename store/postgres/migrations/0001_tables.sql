-- Agents: a profile that is replaced whole, and an account whose counters move.
--
-- All SQL of this store is written for the schema "pinchwork"; the runner puts
-- the schema's real name in the place of every `pinchwork.`. Identifiers are
-- compared bytewise (collate "C"). Instants always come as arguments.

create table pinchwork.agent (
    id      text collate "C" primary key,
    version bigint not null,
    key     bytea  not null unique,      -- SHA-256 of the API key
    profile text   not null,             -- store.Profile in JSON
    reachable boolean not null           -- webhooks are sent to it
);

-- An account is the hottest row of the marketplace. Its newest version is found
-- through (id, epoch), highest epoch first, and the epoch grows once in 16
-- changes: most updates are heap-only, and a reader walks over at most 16 dead
-- versions even while some old snapshot keeps vacuum from removing any.
create table pinchwork.account (
    id           text collate "C" not null,
    changes      bigint  not null default 0,
    epoch        bigint  not null default 0,   -- changes / 16
    suspended    boolean not null,             -- as in the profile
    hooked       boolean not null,             -- the profile has a webhook
    balance      bigint  not null default 0,
    escrowed     bigint  not null default 0,
    open_claims  bigint  not null default 0,
    posted       bigint  not null default 0,
    completed    bigint  not null default 0,
    rating_sum   bigint  not null default 0,
    rating_count bigint  not null default 0,
    earned       bigint  not null default 0,
    fees         bigint  not null default 0,
    charged      bigint  not null default 0,
    spent        bigint  not null default 0,
    rejected     bigint  not null default 0,
    approvals    bigint  not null default 0,   -- deliveries approved as poster
    rejections   bigint  not null default 0,   -- deliveries rejected as poster
    fees_brought bigint  not null default 0,   -- fees of its approved tasks
    text_bytes   bigint  not null default 0,   -- of its living texts
    strikes       int    not null default 0,
    blocked_until timestamptz,
    event_seq    bigint  not null default 0,
    ledger_seq   bigint  not null default 0,
    ledger_at    timestamptz not null default '-infinity', -- latest instant in the ledger
    ledger_lag   interval    not null default '0',         -- the most by which a later entry was earlier
    -- How many tasks the agent has as poster (p) and as worker (w), by status.
    p_posted int not null default 0, p_claimed  int not null default 0, p_delivered int not null default 0,
    p_approved int not null default 0, p_expired int not null default 0, p_cancelled int not null default 0,
    w_posted int not null default 0, w_claimed  int not null default 0, w_delivered int not null default 0,
    w_approved int not null default 0, w_expired int not null default 0, w_cancelled int not null default 0,
    primary key (id, epoch)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
        autovacuum_vacuum_cost_delay = 1);

-- Statistics of an agent as worker on tasks with one tag, with epochs as above.
create table pinchwork.tag_stat (
    agent text collate "C" not null,
    tag   text collate "C" not null,
    changes bigint not null default 0,
    epoch   bigint not null default 0,
    count bigint not null, earned bigint not null,
    rating_sum bigint not null, rating_count bigint not null,
    primary key (agent, tag, epoch)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- Directed trust; a pair that was never touched has no row.
create table pinchwork.trust (
    from_id text collate "C" not null,
    to_id   text collate "C" not null,
    score   double precision not null,
    interactions bigint not null,
    updated_at timestamptz not null,
    primary key (from_id, to_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create index trust_toward on pinchwork.trust (to_id);

-- What the platform pays for system tasks about an agent. It stands beside the
-- account, which is written too often to carry it along; none is like nothing
-- pending and nothing paid.
create table pinchwork.system_pay (
    agent text collate "C" primary key,
    pay   text not null                         -- store.SystemPay in JSON
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- Tasks. No index holds anything of this table but the id, so that a change of
-- state stays heap-only; who has to find a task by its state asks table party.

create sequence pinchwork.task_seq;

create table pinchwork.task (
    id         text collate "C" primary key,
    seq        bigint not null,
    version    bigint not null,
    status     smallint not null,
    poster     text collate "C" not null,
    worker     text collate "C",                -- current or last
    parent     text collate "C",                -- of a system task, '' for none; null on others
    subject    text collate "C",                -- whom a system task is about
    children   text[],                          -- unfinished system tasks about it
    result_no  int,                             -- the result that belongs to it now
    unanswered int not null default 0,          -- open questions
    talk_bytes bigint not null default 0,       -- of its questions and messages
    doc        text not null                    -- store.Task in JSON
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 1);

-- The long texts are written once. The key is also the order of posting.
create table pinchwork.task_text (
    seq     bigint primary key,
    task    text collate "C" not null,
    need    text not null,
    context text not null
);

create table pinchwork.result (
    task text collate "C" not null,
    no   int  not null,
    body text not null,
    primary key (task, no)
);

-- One row for the poster of each task, and one for its current or last worker.
-- Statuses are numbered as in store.Statuses, from 1. The poster's row stands
-- for the task where all tasks are looked through.
create table pinchwork.party (
    agent  text collate "C" not null,
    role   smallint not null,                   -- 1 poster, 2 worker
    status smallint not null,
    seq    bigint not null,
    open   boolean not null,                    -- the poster's row of a task that can be claimed
    task   text collate "C" not null,
    due    timestamptz,                         -- when a timer next touches the task
    primary key (agent, role, status, seq)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 1);

create index party_open on pinchwork.party (seq) where open;
create index party_due on pinchwork.party (due) where role = 1 and due is not null;
create index party_own_due on pinchwork.party (agent, due) where due is not null;

-- What has ended, by when, to be pruned.
create table pinchwork.ended (
    at   timestamptz not null,
    task text collate "C" not null
);

create index ended_at on pinchwork.ended (at);

-- The roles on a task that exclude each other.
create table pinchwork.role (
    task  text collate "C" not null,
    agent text collate "C" not null,
    role  text not null,
    lapsed_at   timestamptz,                    -- when the agent's claim ended, null while none has
    lapse_why   text,
    lapse_claim int,
    primary key (task, agent)
);

-- What the totals moved by, one row for a change; folded into one row now and
-- then. Their sum is right at any time, and no commit waits for another.
create table pinchwork.total_change (
    posted bigint not null, claimed bigint not null, delivered bigint not null,
    approved bigint not null, expired bigint not null, cancelled bigint not null,
    escrowed bigint not null, agents bigint not null
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

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
    about   text collate "C" not null default '', -- whom a system payment was about
    at      timestamptz not null,
    balance bigint not null default 0,            -- of the agent, after the commit
    earned  bigint not null default 0,            -- likewise
    latest  timestamptz not null                  -- the latest instant among the agent's entries so far
);

create unique index entry_of_agent on pinchwork.entry (agent, seq) where agent <> '';
create unique index entry_of_task on pinchwork.entry (task, kind) where task <> '';
create index entry_of_nobody on pinchwork.entry (id) where agent = '';

-- Questions, messages and reports. n orders them by their commits, nearly.

create table pinchwork.question (
    id          text collate "C" primary key,
    n           bigint generated always as identity,
    task        text collate "C" not null,
    asker       text collate "C" not null,
    body        text not null,
    answer      text not null default '',
    created_at  timestamptz not null,
    answered_at timestamptz
);

create index question_of_task on pinchwork.question (task, n);

create table pinchwork.message (
    id         text collate "C" primary key,
    n          bigint generated always as identity,
    task       text collate "C" not null,
    sender     text collate "C" not null,
    worker     text collate "C" not null,         -- of the claim it belongs to
    body       text not null,
    created_at timestamptz not null
);

create index message_of_task on pinchwork.message (task, n);

create table pinchwork.report (
    id          text collate "C" primary key,
    n           bigint generated always as identity,
    task        text collate "C" not null,
    reporter    text collate "C" not null,
    reason      text not null,
    status      text not null,
    note        text not null default '',
    created_at  timestamptz not null,
    resolved_at timestamptz,
    unique (task, reporter)
);

create index report_by_age on pinchwork.report (n);
create index report_by_status on pinchwork.report (status, n);

create table pinchwork.report_count (
    status text primary key,
    count  bigint not null
);

-- Events, the webhooks that carry them, and the feed that keeps boards current.

create sequence pinchwork.event_n;

-- n numbers the events of all agents. It is given under the lock of the agent's
-- account, so it ascends with seq; it is not given in the order of the commits.
create table pinchwork.event (
    agent text collate "C" not null,
    seq   bigint not null,                -- per agent, from 1, without gaps
    type  text   not null,
    task  text collate "C" not null,
    data  text,                           -- store.EventData in JSON, null when empty
    at    timestamptz not null,
    n     bigint not null default nextval('pinchwork.event_n'),
    primary key (agent, seq)
);

create index event_n_of on pinchwork.event (n);

create sequence pinchwork.webhook_n;

-- A delivery waits (due is set) or is dead (dead_at is set). It has its own
-- copy of the event, which may be pruned sooner.
create table pinchwork.webhook (
    agent    text collate "C" not null,
    seq      bigint not null,
    n        bigint not null default nextval('pinchwork.webhook_n'),
    type     text   not null,
    task     text collate "C" not null,
    data     text,
    at       timestamptz not null,
    due      timestamptz,
    attempts int    not null default 0,
    lease    bigint not null default 0,   -- 0: not leased
    dead_at  timestamptz,
    error    text   not null default '',
    primary key (agent, seq)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create index webhook_due on pinchwork.webhook (due, n) where due is not null;
create index webhook_dead on pinchwork.webhook (agent, dead_at, seq) where dead_at is not null;
create index webhook_old on pinchwork.webhook (dead_at) where dead_at is not null;

-- A row for each change that boards or directories must know, with the
-- transaction that wrote it: a reader asks for what its snapshot did not see.
create table pinchwork.feed (
    xid   xid8  not null,
    at    timestamptz not null,
    n     int   not null,                 -- how many items
    items text  not null                  -- [store.FeedItem] in JSON
);

create index feed_xid on pinchwork.feed (xid);

-- The highest transaction of which something was pruned from the feed, and the
-- highest number of an event that was. One row.
create table pinchwork.pruned (
    single boolean primary key default true check (single),
    xid  xid8   not null,
    n    bigint not null
);

insert into pinchwork.pruned (xid, n) values ('0', 0);

-- Idempotency keys, rate limits and leases.

create table pinchwork.idempotency (
    caller     text collate "C" not null,
    operation  text collate "C" not null,
    key        text collate "C" not null,
    request    bytea not null,
    outcome    text  not null,            -- JSON, kept to the byte
    expires_at timestamptz not null,
    primary key (caller, operation, key)
);

create index idempotency_expiry on pinchwork.idempotency (expires_at);

-- A rate bucket is one instant: when it is full again. What a crash forgets
-- here is a full bucket, so the table costs no write-ahead log and no wait.
-- The hour in which it is full keeps most updates heap-only.
create unlogged table pinchwork.bucket (
    name    text collate "C" primary key,
    full_at timestamptz not null,
    hour    timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create index bucket_hour on pinchwork.bucket (hour);

create table pinchwork.lease (
    name   text collate "C" primary key,
    holder text not null,
    until  timestamptz not null
) with (fillfactor = 50);

-- Which routines (functions, types, views) the schema has. One row.
create table pinchwork.routines (
    single   boolean primary key default true check (single),
    revision int  not null,
    hash     text not null,
    made_at  timestamptz not null
);
