-- A marketplace written by hand for SQLite: the counterpart of BenchmarkHand.
-- It keeps the same nine facts of each step as the store does and nothing else:
-- guarded escrow, a double-entry ledger, numbered events of each agent, the feed,
-- the parties' lists, the instants at which timers are due, trust, the texts, and
-- the task's row with its version.

create table account (
    id text primary key, balance integer not null, escrowed integer not null default 0,
    open_claims integer not null default 0, suspended integer not null default 0,
    posted integer not null default 0, completed integer not null default 0, earned integer not null default 0,
    spent integer not null default 0, rating_sum integer not null default 0, rating_count integer not null default 0,
    event_seq integer not null default 0, ledger_seq integer not null default 0
) strict, without rowid;

create table task (
    seq integer primary key autoincrement, id text not null unique, version integer not null, status integer not null,
    poster text not null, worker text, credits integer not null, tags text not null,
    created_at integer not null, expires_at integer not null, claimed_at integer, claim_until integer,
    delivered_at integer, review_until integer, ended_at integer, charged integer, fee integer, rating integer
) strict;

create table task_text (task text primary key, need text not null, context text not null) strict;
create table result (task text not null, no integer not null, body text not null, primary key (task, no)) strict;

-- Whose task it is: what an agent's list shows, by status.
create table party (
    agent text not null, role integer not null, status integer not null, task text not null,
    primary key (agent, role, status, task)
) strict, without rowid;

-- When a timer touches it.
create table due (task text primary key, at integer not null) strict, without rowid;
create index due_at on due (at);

create table role (task text not null, agent text not null, role text not null, primary key (task, agent)) strict, without rowid;

create table trust (
    from_id text not null, to_id text not null, score real not null, interactions integer not null,
    primary key (from_id, to_id)
) strict, without rowid;

create table tag_stat (
    agent text not null, tag text not null, count integer not null, earned integer not null,
    rating_sum integer not null, rating_count integer not null, primary key (agent, tag)
) strict, without rowid;

create table entry (
    n integer primary key, agent text not null, seq integer not null, source text not null, target text not null,
    amount integer not null, kind text not null, task text not null, at integer not null, balance integer not null
) strict;
create unique index entry_of_agent on entry (agent, seq) where agent <> '';
create unique index entry_of_task on entry (task, kind);

create table event (
    agent text not null, seq integer not null, type text not null, task text not null, at integer not null,
    primary key (agent, seq)
) strict, without rowid;

create table feed (n integer primary key autoincrement, task text not null, version integer not null, open integer not null) strict;
