-- Tasks. No index holds anything of this table but the id, so that a change of
-- state stays heap-only; who has to find a task by its state asks table party.

create sequence pinchwork.task_seq;

create table pinchwork.task (
    id         text collate "C" primary key,
    seq        bigint not null,
    version    bigint not null,
    poster     text collate "C" not null,
    worker     text collate "C",                -- current or last
    unanswered int not null default 0,          -- open questions
    doc        jsonb not null                   -- market.Task
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
-- Statuses are numbered as in market.Statuses, from 1. The poster's row stands
-- for the task where all tasks are looked through.
create table pinchwork.party (
    agent  text collate "C" not null,
    role   smallint not null,                   -- 1 poster, 2 worker
    status smallint not null,
    seq    bigint not null,
    task   text collate "C" not null,
    due    timestamptz,                         -- when a timer next touches the task
    primary key (agent, role, status, seq)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 1);

create index party_open on pinchwork.party (seq) where role = 1 and status = 1;
create index party_due on pinchwork.party (due) where role = 1 and due is not null;
create index party_own_due on pinchwork.party (agent, due) where due is not null and agent <> 'ag-platform';

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
    primary key (task, agent)
);

-- What the totals moved by, one row for a change; folded into one row now and
-- then. Their sum is right at any time, and no commit waits for another.
create table pinchwork.total_change (
    posted bigint not null, claimed bigint not null, delivered bigint not null,
    approved bigint not null, expired bigint not null, cancelled bigint not null,
    escrowed bigint not null, agents bigint not null
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
