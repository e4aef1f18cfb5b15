-- The rows of a commit as they travel, one type for each kind of row; what is not
-- said here is said where they are written. `change` is the number of the change a
-- row belongs to, from 0, by which a guard that fails is blamed. Statuses are
-- numbers from 1 in the order of a task's life.

create type pinchwork.put_record as (
    change int, at timestamptz, caller text, operation text, key text, request bytea, outcome text, expires_at timestamptz);

-- A task in a version.
create type pinchwork.put_ref as (change int, task text, version bigint);

-- version is the one that is replaced, null to insert; the texts go with an insert.
create type pinchwork.put_task as (
    change int, id text, version bigint, next bigint, status smallint, poster text, worker text, parent text, subject text,
    children text[], result_no int, doc text, need text, context text);

-- A task on the list of one of its parties: put there (was is null), moved, or
-- taken away (status is null).
create type pinchwork.put_party as (
    task text, agent text, role smallint, was smallint, status smallint, open boolean, due timestamptz);

create type pinchwork.put_end as (task text, at timestamptz);

create type pinchwork.put_count as (change int, task text, delta int, most int, bytes bigint, most_bytes bigint);

create type pinchwork.put_agent as (
    change int, id text, version bigint, next bigint, key bytea, profile text, suspended boolean, hooked boolean, reachable boolean,
    external_id text, old_key_until timestamptz, keep_old boolean);

create type pinchwork.put_role as (
    change int, task text, agent text, role text, lapsed_at timestamptz, lapse_why text, lapse_claim int);

create type pinchwork.put_result as (change int, task text, no int, body text);

create type pinchwork.put_question as (
    change int, id text, task text, asker text, body text, answer text, created_at timestamptz, answered_at timestamptz);

create type pinchwork.put_answer as (change int, question text, task text, body text, at timestamptz);

create type pinchwork.put_message as (
    change int, id text, task text, sender text, worker text, body text, created_at timestamptz);

-- was is null to insert; else a report in that status is replaced by status, note
-- and resolved_at.
create type pinchwork.put_report as (
    change int, id text, task text, reporter text, reason text, was text, status text, note text, created_at timestamptz,
    resolved_at timestamptz);

-- no 0 stands for need, context, questions and messages, else for a result.
create type pinchwork.put_drop as (task text, no int);

create type pinchwork.put_trust as (
    change int, from_id text, to_id text, score double precision, interactions bigint, updated_at timestamptz);

create type pinchwork.put_pay as (change int, agent text, was text, pay text);

-- `seq_back` events follow in the same commit.
create type pinchwork.put_event as (type text, task text, data text, at timestamptz, seq_back bigint);

-- What all changes together do to an account.
create type pinchwork.put_account as (
    id text, change int,
    active boolean,        -- must not be suspended
    required boolean,      -- must exist; an account that nobody requires is passed over when there is none
    paid boolean,          -- is a side of a transfer
    sys_paid boolean,      -- its system pay is written
    struck boolean,        -- its strikes are written
    balance bigint, balance_least bigint,        -- what is added, and the least that has to be there afterwards
    open_claims bigint, claims_most bigint,      -- likewise, the most; null for no bound
    text_bytes bigint, bytes_most bigint,
    escrowed bigint, posted bigint,
    -- Tasks as poster, then as worker, by status.
    p_posted int, p_claimed int, p_delivered int, p_approved int, p_expired int, p_cancelled int,
    w_posted int, w_claimed int, w_delivered int, w_approved int, w_expired int, w_cancelled int,
    entry_count bigint, first_at timestamptz, last_at timestamptz,  -- how many, and between which instants
    event_count bigint, events pinchwork.put_event[]);

-- What few commits change in an account; null to leave suspended and hooked as they are.
create type pinchwork.put_more as (
    id text, change int, suspended boolean, hooked boolean,
    completed bigint, rating_sum bigint, rating_count bigint, earned bigint, fees bigint, charged bigint, spent bigint,
    rejected bigint, approvals bigint, rejections bigint, fees_brought bigint,
    struck boolean, strikes_was int, blocked_was timestamptz, strikes int, blocked_until timestamptz);

-- A side of a transfer in the ledger of `agent`, '' for none. `seq_back` entries,
-- `balance_back` and `earned_back` credits follow in the same commit.
create type pinchwork.put_entry as (
    change int, id text, source text, target text, amount bigint, kind text, agent text, task text, fee bigint, note text,
    about text, at timestamptz, seq_back bigint, balance_back bigint, earned_back bigint);

create type pinchwork.put_tag as (
    agent text, tag text, count bigint, earned bigint, rating_sum bigint, rating_count bigint);
