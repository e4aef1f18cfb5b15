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
