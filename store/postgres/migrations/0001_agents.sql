-- Agents: a profile that is replaced whole, and an account whose counters move.
--
-- All SQL of this store is written for the schema "pinchwork"; the runner puts
-- the schema's real name in the place of every `pinchwork.`. Identifiers are
-- compared bytewise (collate "C"). Instants always come as arguments.

create table pinchwork.agent (
    id      text collate "C" primary key,
    version bigint not null,
    key     bytea  not null unique,      -- SHA-256 of the API key
    profile jsonb  not null              -- market.Profile
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

-- Statistics of an agent as worker on tasks with one tag.
create table pinchwork.tag_stat (
    agent text collate "C" not null,
    tag   text collate "C" not null,
    count bigint not null, earned bigint not null,
    rating_sum bigint not null, rating_count bigint not null,
    primary key (agent, tag)
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
