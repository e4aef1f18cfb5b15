-- Events, the webhooks that carry them, and the feed that keeps boards current.

create table pinchwork.event (
    agent text collate "C" not null,
    seq   bigint not null,                -- per agent, from 1, without gaps
    type  text   not null,
    task  text collate "C" not null,
    data  jsonb,                          -- market.EventData, null when empty
    at    timestamptz not null,
    primary key (agent, seq)
);

create index event_at on pinchwork.event (at);

create sequence pinchwork.webhook_n;

-- A delivery waits (due is set) or is dead (dead_at is set). It has its own
-- copy of the event, which may be pruned sooner.
create table pinchwork.webhook (
    agent    text collate "C" not null,
    seq      bigint not null,
    n        bigint not null default nextval('pinchwork.webhook_n'),
    type     text   not null,
    task     text collate "C" not null,
    data     jsonb,
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
    items jsonb not null                  -- [market.FeedItem]
);

create index feed_xid on pinchwork.feed (xid);

-- The highest transaction of which something was pruned. One row.
create table pinchwork.feed_pruned (
    single boolean primary key default true check (single),
    xid  xid8 not null
);

insert into pinchwork.feed_pruned (xid) values ('0');
