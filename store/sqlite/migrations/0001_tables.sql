-- A marketplace beside whatever tables the host keeps: all names begin with
-- pinchwork_. Instants are in microseconds since 1970, statuses are numbered as in
-- store.Statuses, from 1, and documents are JSON. What an argument or a column says
-- was decided elsewhere: there is no rule in here.

create table pinchwork_agent (
    id      text not null unique,
    version integer not null,
    key     blob not null unique,            -- SHA-256 of the API key
    profile text not null                    -- store.Profile
) strict;

-- Accounts stand apart from profiles, since every change moves them. One whom tasks
-- name and who is no agent has one too, for the numbers of its tasks.
create table pinchwork_account (
    id text primary key,
    known integer not null,                  -- there is such an agent
    suspended integer not null,              -- as in the profile
    hooked integer not null,                 -- the profile has a webhook
    balance integer not null, escrowed integer not null, open_claims integer not null,
    posted integer not null, completed integer not null,
    rating_sum integer not null, rating_count integer not null,
    earned integer not null, fees integer not null, charged integer not null, spent integer not null,
    rejected integer not null, approvals integer not null, rejections integer not null,
    fees_brought integer not null, text_bytes integer not null,
    event_seq integer not null, ledger_seq integer not null,
    strikes integer not null, blocked_until integer not null,
    -- How many tasks it has as poster (p) and as worker (w), by status.
    p1 integer not null, p2 integer not null, p3 integer not null,
    p4 integer not null, p5 integer not null, p6 integer not null,
    w1 integer not null, w2 integer not null, w3 integer not null,
    w4 integer not null, w5 integer not null, w6 integer not null
) strict, without rowid;

-- What the platform pays for system tasks about an agent; no row for nothing.
create table pinchwork_system_pay (
    agent text primary key,
    pay   text not null                      -- store.SystemPay
) strict, without rowid;

create table pinchwork_tag_stat (
    agent text not null, tag text not null,
    count integer not null, earned integer not null,
    rating_sum integer not null, rating_count integer not null,
    primary key (agent, tag)
) strict, without rowid;

create table pinchwork_trust (
    from_id text not null, to_id text not null,
    score real not null, interactions integer not null, updated_at integer not null,
    primary key (from_id, to_id)
) strict, without rowid;

create index pinchwork_trust_toward on pinchwork_trust (to_id);

create table pinchwork_task (
    seq        integer primary key autoincrement,
    id         text not null unique,
    version    integer not null,
    status     integer not null,
    open       integer,                      -- 1 while it can be claimed
    poster     text not null,
    worker     text,                         -- current or last
    due        integer,                      -- when a timer next touches it
    ended      integer,                      -- when it ended
    unanswered integer not null default 0,   -- open questions
    talk_bytes integer not null default 0,   -- of its questions and messages
    doc        text not null                 -- store.Task
) strict;

create index pinchwork_task_open on pinchwork_task (open) where open is not null;
create index pinchwork_task_due on pinchwork_task (due) where due is not null;
create index pinchwork_task_ended on pinchwork_task (ended) where ended is not null;
create index pinchwork_task_poster on pinchwork_task (poster, status);
create index pinchwork_task_worker on pinchwork_task (worker, status) where worker is not null;
create index pinchwork_task_poster_due on pinchwork_task (poster, due) where due is not null;
create index pinchwork_task_worker_due on pinchwork_task (worker, due) where worker is not null and due is not null;

-- Long texts are written once.
create table pinchwork_task_text (
    seq     integer primary key,             -- of the task
    need    text not null,
    context text not null
) strict;

create table pinchwork_result (
    task text not null, no integer not null,
    body text not null
) strict;

create unique index pinchwork_result_of_task on pinchwork_result (task, no);

-- The roles on a task that exclude each other.
create table pinchwork_role (
    task text not null, agent text not null,
    role text not null,
    lapsed_at integer, lapse_why text, lapse_claim integer,  -- null while no claim has ended
    primary key (task, agent)
) strict, without rowid;

-- The ledger: balanced transfers, never changed, never deleted.
create table pinchwork_entry (
    n       integer primary key autoincrement,
    id      text not null,
    source  text not null,                   -- the account that paid
    target  text not null,                   -- the account that received
    amount  integer not null,
    kind    text not null,
    agent   text,                            -- null when no ordinary agent is a side
    seq     integer not null,                -- per agent, from 1, without gaps
    task    text,
    fee     integer not null,
    note    text not null,
    about   text not null,                   -- whom a system payment was about
    at      integer not null,
    balance integer not null,                -- of the agent, after the commit
    earned  integer not null                 -- likewise
) strict;

create unique index pinchwork_entry_of_agent on pinchwork_entry (agent, seq) where agent is not null;
create unique index pinchwork_entry_of_task on pinchwork_entry (task, kind) where task is not null;

-- What an agent had earned, at the instants after which none of its later entries
-- bears an earlier one.
create table pinchwork_earned (
    agent text not null, at integer not null,
    earned integer not null,
    primary key (agent, at)
) strict, without rowid;

create table pinchwork_question (
    n           integer primary key autoincrement,
    id          text not null unique,
    task        text not null,
    asker       text not null,
    body        text not null,
    answer      text not null,
    created_at  integer not null,
    answered_at integer                      -- null until then
) strict;

create index pinchwork_question_of_task on pinchwork_question (task);

create table pinchwork_message (
    n          integer primary key autoincrement,
    id         text not null unique,
    task       text not null,
    sender     text not null,
    worker     text not null,                -- of the claim it belongs to
    body       text not null,
    created_at integer not null
) strict;

create index pinchwork_message_of_task on pinchwork_message (task);
create index pinchwork_message_of_claim on pinchwork_message (task, worker);

create table pinchwork_report (
    n           integer primary key autoincrement,
    id          text not null unique,
    task        text not null,
    reporter    text not null,
    reason      text not null,
    status      text not null,
    note        text not null,
    created_at  integer not null,
    resolved_at integer not null
) strict;

create unique index pinchwork_report_once on pinchwork_report (task, reporter);
create index pinchwork_report_in on pinchwork_report (status);

create table pinchwork_report_count (
    status text primary key,
    count  integer not null
) strict, without rowid;

create table pinchwork_event (
    n     integer primary key autoincrement, -- in the order in which they happened
    agent text not null, seq integer not null,  -- per agent, from 1, without gaps
    type  text not null,
    task  text not null,
    data  text,                              -- store.EventData, null when empty
    at    integer not null
) strict;

create unique index pinchwork_event_of on pinchwork_event (agent, seq);

-- A delivery waits (due is set) or is dead (dead_at is set). It has its own copy of
-- the event, which may be pruned sooner.
create table pinchwork_webhook (
    n        integer primary key autoincrement,
    agent text not null, seq integer not null,
    type     text not null,
    task     text not null,
    data     text,
    at       integer not null,
    due      integer,
    attempts integer not null default 0,
    leases   integer not null default 0,     -- how often it was leased
    leased   integer not null default 0,     -- the last of them has not ended
    dead_at  integer,
    error    text not null default ''
) strict;

create unique index pinchwork_webhook_of_event on pinchwork_webhook (agent, seq);
create index pinchwork_webhook_due on pinchwork_webhook (due) where due is not null;
create index pinchwork_webhook_dead on pinchwork_webhook (agent, dead_at, seq) where dead_at is not null;
create index pinchwork_webhook_old on pinchwork_webhook (dead_at) where dead_at is not null;

-- A row for each change that boards or directories must know. Writers take turns, so
-- its number is a place in the feed.
create table pinchwork_feed (
    n     integer primary key autoincrement,
    at    integer not null,
    count integer not null,                  -- how many items
    items text not null                      -- [store.FeedItem]
) strict;

create table pinchwork_idempotency (
    caller text not null, operation text not null, key text not null,
    request    blob not null,
    outcome    blob not null,                -- kept to the byte
    expires_at integer not null
) strict;

create unique index pinchwork_idempotency_key on pinchwork_idempotency (caller, operation, key);
create index pinchwork_idempotency_expiry on pinchwork_idempotency (expires_at);

-- A rate bucket is one instant: when it is full again.
create table pinchwork_bucket (
    name text not null, agent text not null,
    full_at integer not null,
    primary key (name, agent)
) strict, without rowid;

create index pinchwork_bucket_full on pinchwork_bucket (full_at);

create table pinchwork_lease (
    name   text primary key,
    holder text not null,
    until  integer not null
) strict, without rowid;

-- Numbers over the whole marketplace. One row.
create table pinchwork_total (
    single      integer primary key check (single = 1),
    s1 integer not null default 0, s2 integer not null default 0, s3 integer not null default 0,
    s4 integer not null default 0, s5 integer not null default 0, s6 integer not null default 0,
    escrowed    integer not null default 0,
    agents      integer not null default 0,
    feed_pruned integer not null default 0,  -- the highest row of the feed that went
    pinged      integer not null default 0   -- written to see whether it can be
) strict;

insert into pinchwork_total (single) values (1);
