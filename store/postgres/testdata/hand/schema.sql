-- A marketplace written by hand for Postgres: the counterpart of BenchmarkHand.
-- It keeps the same nine facts of each step as the store does and nothing else:
-- guarded escrow, a double-entry ledger, numbered events of each agent, the feed,
-- the parties' lists, the instants at which timers are due, trust, the texts, and
-- the task's row with its version. One function a step, typed arguments.

create schema hand;
set search_path = hand;

create table account (
    id text collate "C" primary key, balance bigint not null check (balance >= 0),
    escrowed bigint not null default 0, open_claims int not null default 0, suspended boolean not null default false,
    posted bigint not null default 0, completed bigint not null default 0, earned bigint not null default 0,
    spent bigint not null default 0, rating_sum bigint not null default 0, rating_count bigint not null default 0,
    event_seq bigint not null default 0, ledger_seq bigint not null default 0
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create table task (
    id text collate "C" primary key, seq bigint generated always as identity, version int not null, status smallint not null,
    poster text collate "C" not null, worker text collate "C", credits bigint not null, tags text[] not null,
    created_at timestamptz not null, expires_at timestamptz not null, claimed_at timestamptz, claim_until timestamptz,
    delivered_at timestamptz, review_until timestamptz, ended_at timestamptz, charged bigint, fee bigint, rating int
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

create table task_text (task text collate "C" primary key, need text not null, context text not null);
create table result (task text collate "C" not null, no int not null, body text not null, primary key (task, no));

-- Whose task it is: what an agent's list shows, by status.
create table party (
    agent text collate "C" not null, role smallint not null, status smallint not null, task text collate "C" not null,
    primary key (agent, role, status, task)
) with (fillfactor = 80);

-- When a timer touches it.
create table due (task text collate "C" primary key, at timestamptz not null) with (fillfactor = 80);
create index due_at on due (at);

create table role (
    task text collate "C" not null, agent text collate "C" not null, role text not null, primary key (task, agent));

create table trust (
    from_id text collate "C" not null, to_id text collate "C" not null, score float8 not null,
    interactions bigint not null, primary key (from_id, to_id)
) with (fillfactor = 70);

create table tag_stat (
    agent text collate "C" not null, tag text collate "C" not null, count bigint not null, earned bigint not null,
    rating_sum bigint not null, rating_count bigint not null, primary key (agent, tag)
) with (fillfactor = 70);

create table entry (
    agent text collate "C" not null, seq bigint not null, source text collate "C" not null, target text collate "C" not null,
    amount bigint not null, kind text not null, task text collate "C" not null, at timestamptz not null, balance bigint not null
);
create unique index entry_of_agent on entry (agent, seq) where agent <> '';
create unique index entry_of_task on entry (task, kind);

create table event (
    agent text collate "C" not null, seq bigint not null, type text not null, task text collate "C" not null,
    at timestamptz not null, primary key (agent, seq)
);

create table feed (xid xid8 not null, task text collate "C" not null, version int not null, open boolean not null);
create index feed_xid on feed (xid);

create function tell(who text, type text, task text, at timestamptz) returns void language plpgsql as $$
declare n bigint;
begin
    update account set event_seq = event_seq + 1 where id = who returning event_seq into n;
    insert into event values (who, n, type, task, at);
end $$;

create function post(id text, poster text, credits bigint, tags text[], need text, context text, now timestamptz) returns boolean
language plpgsql as $$
declare a account;
begin
    insert into task (id, version, status, poster, credits, tags, created_at, expires_at)
    values (post.id, 1, 1, post.poster, post.credits, post.tags, now, now + interval '3 days');
    insert into task_text values (post.id, post.need, post.context);
    insert into party values (post.poster, 1, 1, post.id);
    insert into due values (post.id, now + interval '3 days');
    insert into feed values (pg_current_xact_id(), post.id, 1, true);
    update account x set balance = x.balance - post.credits, escrowed = x.escrowed + post.credits,
        posted = x.posted + 1, ledger_seq = x.ledger_seq + 1
    where x.id = post.poster and x.balance >= post.credits and not x.suspended returning * into a;
    if not found then
        raise exception 'too few credits';
    end if;
    insert into entry values (post.poster, a.ledger_seq, post.poster, 'escrow:' || post.id, post.credits, 'escrow', post.id, now, a.balance);
    return true;
end $$;

-- The texts come back with the claim.
create function claim(id text, was int, worker text, now timestamptz, out need text, out context text)
language plpgsql as $$
declare t task;
begin
    update task x set version = x.version + 1, status = 2, worker = claim.worker, claimed_at = now, claim_until = now + interval '3 days'
    where x.id = claim.id and x.version = was and x.status = 1 returning * into t;
    if not found then
        raise exception 'taken';
    end if;
    update party p set status = 2 where p.agent = t.poster and p.role = 1 and p.status = 1 and p.task = claim.id;
    insert into party values (claim.worker, 2, 2, claim.id);
    update due d set at = t.claim_until where d.task = claim.id;
    insert into role values (claim.id, claim.worker, 'worker');
    insert into feed values (pg_current_xact_id(), claim.id, t.version, false);
    perform tell(t.poster, 'task_claimed', claim.id, now);
    update account x set open_claims = x.open_claims + 1
    where x.id = claim.worker and x.open_claims < 1000000 and not x.suspended;
    if not found then
        raise exception 'too many claims';
    end if;
    select x.need, x.context into claim.need, claim.context from task_text x where x.task = claim.id;
end $$;

create function deliver(id text, was int, worker text, body text, now timestamptz) returns boolean language plpgsql as $$
declare t task;
begin
    update task x set version = x.version + 1, status = 3, delivered_at = now, review_until = now + interval '1 day'
    where x.id = deliver.id and x.version = was and x.status = 2 and x.worker = deliver.worker returning * into t;
    if not found then
        raise exception 'not yours';
    end if;
    insert into result values (deliver.id, 1, deliver.body);
    update party p set status = 3 where p.agent = t.poster and p.role = 1 and p.status = 2 and p.task = deliver.id;
    update party p set status = 3 where p.agent = deliver.worker and p.role = 2 and p.status = 2 and p.task = deliver.id;
    update due d set at = t.review_until where d.task = deliver.id;
    perform tell(t.poster, 'task_delivered', deliver.id, now);
    update account x set open_claims = x.open_claims - 1 where x.id = deliver.worker and not x.suspended;
    return true;
end $$;

create function approve(id text, was int, poster text, stars int, now timestamptz) returns boolean language plpgsql as $$
declare t task; a account; earns bigint;
begin
    update task x set version = x.version + 1, status = 4, ended_at = now, charged = x.credits, fee = x.credits / 10, rating = stars
    where x.id = approve.id and x.version = was and x.status = 3 and x.poster = approve.poster returning * into t;
    if not found then
        raise exception 'not yours';
    end if;
    earns := t.credits - t.fee;
    update party p set status = 4 where p.agent = t.poster and p.role = 1 and p.status = 3 and p.task = approve.id;
    update party p set status = 4 where p.agent = t.worker and p.role = 2 and p.status = 3 and p.task = approve.id;
    delete from due d where d.task = approve.id;
    insert into trust as x values (t.poster, t.worker, 0.55, 1)
    on conflict (from_id, to_id) do update set score = (x.score * 9 + 1) / 10, interactions = x.interactions + 1;
    insert into trust as x values (t.worker, t.poster, 0.55, 1)
    on conflict (from_id, to_id) do update set score = (x.score * 9 + 1) / 10, interactions = x.interactions + 1;
    insert into tag_stat as x select t.worker, tag, 1, earns, stars, 1 from unnest(t.tags) tag
    on conflict (agent, tag) do update set count = x.count + 1, earned = x.earned + excluded.earned,
        rating_sum = x.rating_sum + excluded.rating_sum, rating_count = x.rating_count + 1;
    insert into entry values ('', 0, 'escrow:' || approve.id, 'platform', t.fee, 'platform_fee', approve.id, now, 0);
    insert into feed values (pg_current_xact_id(), approve.id, t.version, false);
    update account x set escrowed = x.escrowed - t.credits, spent = x.spent + t.credits where x.id = t.poster and not x.suspended;
    update account x set balance = x.balance + earns, earned = x.earned + earns, completed = x.completed + 1,
        rating_sum = x.rating_sum + stars, rating_count = x.rating_count + 1,
        ledger_seq = x.ledger_seq + 1
    where x.id = t.worker returning * into a;
    insert into entry values (t.worker, a.ledger_seq, 'escrow:' || approve.id, t.worker, earns, 'payment', approve.id, now, a.balance);
    perform tell(t.worker, 'task_approved', approve.id, now);
    return true;
end $$;
