-- What the economy is kept closed by: counters of a poster's record and of its
-- texts, the pay for system tasks about an agent, how claims ended, and texts
-- that go. Functions whose parameters stay are replaced, so that a process of the
-- version before goes on working; what is new is optional in their documents.

alter table pinchwork.account
    add column approvals    bigint not null default 0,  -- deliveries approved as poster
    add column rejections   bigint not null default 0,  -- deliveries rejected as poster
    add column fees_brought bigint not null default 0,  -- fees of its approved tasks
    add column text_bytes   bigint not null default 0;  -- of its living texts

-- What the platform pays for system tasks about an agent. It stands beside the
-- account, which is written too often to carry it along; none is like nothing
-- pending and nothing paid.
create table pinchwork.system_pay (
    agent text collate "C" primary key,
    pay   jsonb not null                        -- market.SystemPay
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

alter table pinchwork.entry
    add column about text collate "C" not null default '';  -- whom a system payment was about

alter table pinchwork.role
    add column lapsed_at   timestamptz,         -- when the agent's claim ended, null while none has
    add column lapse_why   text,
    add column lapse_claim int;

alter table pinchwork.task
    add column talk_bytes bigint not null default 0;        -- of its questions and messages

create or replace view pinchwork.agent_now as
select p.id, p.version, p.key, p.profile,
       a.balance, a.escrowed, a.open_claims, a.posted, a.completed, a.rating_sum, a.rating_count,
       a.earned, a.fees, a.charged, a.spent, a.rejected, a.strikes, a.blocked_until, a.event_seq, a.ledger_seq,
       array[a.p_posted, a.p_claimed, a.p_delivered, a.p_approved, a.p_expired, a.p_cancelled,
             a.w_posted, a.w_claimed, a.w_delivered, a.w_approved, a.w_expired, a.w_cancelled] as tally,
       a.approvals, a.rejections, a.fees_brought, a.text_bytes,
       (select s.pay from pinchwork.system_pay s where s.agent = p.id) as system_pay
from pinchwork.agent p
cross join lateral (select * from pinchwork.account x where x.id = p.id order by x.epoch desc limit 1) a;

-- write_tasks(change, texts): as in migration 0008; the counts also have bytes, by
-- which the talk of the task grows, and max_bytes, null when there is no bound.
create or replace function pinchwork.write_tasks(c jsonb, texts text[]) returns bigint[]
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    t    record;
    n    bigint;
    seqs bigint[] := '{}';
    open_now  int;
    bytes_now bigint;
begin
    if c ? 'lock' then
        perform from pinchwork.task where id in (select jsonb_array_elements_text(c->'lock')) order by id for no key update;
    end if;
    if c ? 'unchanged' then
        for t in select * from jsonb_to_recordset(c->'unchanged') as u(id text, version bigint) loop
            -- Two that share a row and both want to count on it would wait for each other.
            if c ? 'counts' then
                perform from pinchwork.task where id = t.id and version = t.version for no key update;
            else
                perform from pinchwork.task where id = t.id and version = t.version for share;
            end if;
            if not found then
                perform pinchwork.refuse('task version', t.id, '');
            end if;
        end loop;
    end if;
    for t in select * from jsonb_to_recordset(c->'tasks') as w(
        id text, version bigint, next bigint, doc jsonb, poster text, worker text, "left" text,
        was smallint, status smallint, due timestamptz, moved boolean, ended timestamptz, need int, context int)
    loop
        if t.version is null then
            n := nextval('pinchwork.task_seq');
            insert into pinchwork.task (id, seq, version, poster, worker, doc)
            values (t.id, n, t.next, t.poster, t.worker, t.doc) on conflict do nothing;
            if not found then
                perform pinchwork.refuse('duplicate', t.id, '');
            end if;
            seqs := seqs || n;
            insert into pinchwork.task_text (seq, task, need, context)
            values (n, t.id, coalesce(texts[t.need], ''), coalesce(texts[t.context], ''));
            insert into pinchwork.party (agent, role, status, seq, task, due)
            values (t.poster, 1, t.status, n, t.id, t.due);
        else
            update pinchwork.task set version = t.next, worker = t.worker, doc = t.doc
            where id = t.id and version = t.version returning seq into n;
            if not found then
                perform pinchwork.refuse('task version', t.id, '');
            end if;
            if t.moved then
                update pinchwork.party set status = t.status, due = t.due
                where agent = t.poster and role = 1 and status = t.was and seq = n;
            end if;
        end if;
        if t."left" is not null then
            delete from pinchwork.party where agent = t."left" and role = 2 and status = t.was and seq = n;
        end if;
        if t.moved and t.worker is not null then
            update pinchwork.party set status = t.status, due = t.due
            where agent = t.worker and role = 2 and status = t.was and seq = n;
            if not found then
                insert into pinchwork.party (agent, role, status, seq, task, due)
                values (t.worker, 2, t.status, n, t.id, t.due);
            end if;
        end if;
        if t.ended is not null then
            insert into pinchwork.ended (at, task) values (t.ended, t.id);
        end if;
    end loop;
    if c ? 'counts' then
        for t in select * from jsonb_to_recordset(c->'counts') as q(
            task text, delta int, max int, bytes bigint, max_bytes bigint) order by task
        loop
            update pinchwork.task set unanswered = unanswered + t.delta, talk_bytes = talk_bytes + coalesce(t.bytes, 0)
            where id = t.task returning unanswered, talk_bytes into open_now, bytes_now;
            if not found then
                perform pinchwork.refuse('task version', t.task, '');
            elsif t.delta > 0 and open_now > t.max then
                perform pinchwork.refuse('unanswered questions', t.task, '');
            elsif t.bytes > 0 and bytes_now > t.max_bytes then
                perform pinchwork.refuse('bytes of talk', t.task, '');
            end if;
        end loop;
    end if;
    return seqs;
end $$;

-- write_roles(roles): takes roles; the same role again is fine.
--
-- in:  [{task, agent, role, at, why, claim}], the last three of how the agent's claim ended; they take the place of
--      those that were there, absent ones too
create or replace function pinchwork.write_roles(roles jsonb) returns void
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    r record;
begin
    for r in select * from jsonb_to_recordset(roles) as w(
        task text, agent text, role text, at timestamptz, why text, claim int)
    loop
        insert into pinchwork.role as x (task, agent, role, lapsed_at, lapse_why, lapse_claim)
        values (r.task, r.agent, r.role, r.at, r.why, r.claim)
        on conflict on constraint role_pkey do update
            set lapsed_at = excluded.lapsed_at, lapse_why = excluded.lapse_why, lapse_claim = excluded.lapse_claim
            where x.role = excluded.role;
        if not found then
            perform pinchwork.refuse('role', r.task, r.agent);
        end if;
    end loop;
end $$;

-- drop_texts(texts): deletes texts of tasks; what is not there is passed over.
--
-- in:  [{task, no}], no 0 for need, context, questions and messages, else the number of a result
create function pinchwork.drop_texts(texts jsonb) returns void
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    t record;
begin
    for t in select * from jsonb_to_recordset(texts) as w(task text, no int) order by task, no loop
        if t.no > 0 then
            delete from pinchwork.result r where r.task = t.task and r.no = t.no;
            continue;
        end if;
        update pinchwork.task_text x set need = '', context = ''
        from pinchwork.task k where k.id = t.task and x.seq = k.seq;
        delete from pinchwork.question q where q.task = t.task;
        delete from pinchwork.message m where m.task = t.task;
    end loop;
end $$;

-- write_accounts(accounts, due): as in migration 0011, with approvals, rejections,
-- fees_brought, text_bytes, max_text_bytes (null when there is no bound), an entry's about, and
-- system_pay {was, pay}, either absent for none.
create or replace function pinchwork.write_accounts(accounts jsonb, due timestamptz) returns void
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    d record;
    a pinchwork.account;
    told int;
begin
    for d in select * from jsonb_to_recordset(accounts) as w(
        id text, active boolean, required boolean, suspended boolean, hooked boolean,
        amount bigint, escrowed bigint, open_claims bigint, max_open_claims bigint, posted bigint, completed bigint,
        rating_sum bigint, rating_count bigint, earned bigint, fees bigint, charged bigint, spent bigint,
        rejected bigint, approvals bigint, rejections bigint, fees_brought bigint, text_bytes bigint, max_text_bytes bigint,
        tally int[], strikes jsonb, system_pay jsonb, entry jsonb, events jsonb)
    loop
        told := coalesce(jsonb_array_length(d.events), 0);
        loop
            update pinchwork.account x set
                changes = x.changes + 1, epoch = (x.changes + 1) >> 4,
                suspended = coalesce(d.suspended, x.suspended), hooked = coalesce(d.hooked, x.hooked),
                balance = balance + coalesce(d.amount, 0),
                escrowed = x.escrowed + coalesce(d.escrowed, 0),
                open_claims = x.open_claims + coalesce(d.open_claims, 0),
                posted = x.posted + coalesce(d.posted, 0),
                completed = x.completed + coalesce(d.completed, 0),
                rating_sum = x.rating_sum + coalesce(d.rating_sum, 0),
                rating_count = x.rating_count + coalesce(d.rating_count, 0),
                earned = x.earned + coalesce(d.earned, 0),
                fees = x.fees + coalesce(d.fees, 0),
                charged = x.charged + coalesce(d.charged, 0),
                spent = x.spent + coalesce(d.spent, 0),
                rejected = x.rejected + coalesce(d.rejected, 0),
                approvals = x.approvals + coalesce(d.approvals, 0),
                rejections = x.rejections + coalesce(d.rejections, 0),
                fees_brought = x.fees_brought + coalesce(d.fees_brought, 0),
                text_bytes = x.text_bytes + coalesce(d.text_bytes, 0),
                event_seq = event_seq + told,
                ledger_seq = case when d.entry is null then ledger_seq else ledger_seq + 1 end,
                ledger_at = case when d.entry is null then ledger_at
                                 else greatest(ledger_at, (d.entry->>'at')::timestamptz) end,
                ledger_lag = case when d.entry is null or ledger_at = '-infinity' then ledger_lag
                                  else greatest(ledger_lag, ledger_at - (d.entry->>'at')::timestamptz) end,
                p_posted = p_posted + coalesce(d.tally[1], 0), p_claimed = p_claimed + coalesce(d.tally[2], 0),
                p_delivered = p_delivered + coalesce(d.tally[3], 0), p_approved = p_approved + coalesce(d.tally[4], 0),
                p_expired = p_expired + coalesce(d.tally[5], 0), p_cancelled = p_cancelled + coalesce(d.tally[6], 0),
                w_posted = w_posted + coalesce(d.tally[7], 0), w_claimed = w_claimed + coalesce(d.tally[8], 0),
                w_delivered = w_delivered + coalesce(d.tally[9], 0), w_approved = w_approved + coalesce(d.tally[10], 0),
                w_expired = w_expired + coalesce(d.tally[11], 0), w_cancelled = w_cancelled + coalesce(d.tally[12], 0)
            where x.id = d.id
              and x.epoch = (select max(newest.epoch) from pinchwork.account newest where newest.id = d.id)
            returning * into a;
            -- Not found: no such agent, or its epoch moved on while we waited for its row.
            exit when found or not exists (select from pinchwork.account x where x.id = d.id);
        end loop;
        if a.id is distinct from d.id then
            if d.active then
                perform pinchwork.refuse('suspended', '', d.id);
            elsif d.strikes is not null then
                perform pinchwork.refuse('strikes', '', d.id);
            elsif d.system_pay is not null then
                perform pinchwork.refuse('system pay', '', d.id);
            elsif d.entry is not null then
                perform pinchwork.refuse('balance', d.entry->>'task', d.id);
            elsif d.required then
                perform pinchwork.refuse('agent version', '', d.id);
            end if;
            continue;
        end if;
        if d.active and a.suspended then
            perform pinchwork.refuse('suspended', '', d.id);
        elsif a.balance < 0 and d.amount < 0 then
            perform pinchwork.refuse('balance', d.entry->>'task', d.id);
        elsif d.open_claims > 0 and a.open_claims > d.max_open_claims then
            perform pinchwork.refuse('open claims', '', d.id);
        elsif d.text_bytes > 0 and a.text_bytes > d.max_text_bytes then
            perform pinchwork.refuse('bytes of texts', '', d.id);
        end if;
        if d.strikes is not null then
            update pinchwork.account x set strikes = (d.strikes->>'count')::int,
                                           blocked_until = (d.strikes->>'until')::timestamptz
            where x.id = d.id and x.epoch = a.epoch and x.strikes = (d.strikes->>'was')::int
              and x.blocked_until is not distinct from (d.strikes->>'was_until')::timestamptz;
            if not found then
                perform pinchwork.refuse('strikes', '', d.id);
            end if;
        end if;
        if d.system_pay is not null then
            -- Whoever writes the pay of an agent holds its account.
            if (select s.pay from pinchwork.system_pay s where s.agent = d.id) is distinct from d.system_pay->'was' then
                perform pinchwork.refuse('system pay', '', d.id);
            elsif d.system_pay ? 'pay' then
                insert into pinchwork.system_pay (agent, pay) values (d.id, d.system_pay->'pay')
                on conflict on constraint system_pay_pkey do update set pay = excluded.pay;
            else
                delete from pinchwork.system_pay s where s.agent = d.id;
            end if;
        end if;
        if d.entry is not null then
            insert into pinchwork.entry (id, source, target, amount, kind, agent, seq, task, fee, note, about, at, balance, earned, latest)
            select w.id, w.source, w.target, w.amount, w.kind, d.id, a.ledger_seq, coalesce(w.task, ''),
                   coalesce(w.fee, 0), coalesce(w.note, ''), coalesce(w.about, ''), w.at, a.balance, a.earned, a.ledger_at
            from jsonb_to_record(d.entry) as w(
                id text, source text, target text, amount bigint, kind text, task text, fee bigint, note text, about text, at timestamptz)
            on conflict do nothing;
            if not found then
                perform pinchwork.refuse('transfer', d.entry->>'task', d.id);
            end if;
        end if;
        if told > 0 then
            insert into pinchwork.event (agent, seq, type, task, data, at)
            select d.id, a.event_seq - told + w.n, w.type, coalesce(w.task, ''), w.data, w.at
            from rows from (jsonb_to_recordset(d.events) as (type text, task text, data jsonb, at timestamptz))
                 with ordinality as w(type, task, data, at, n);
            if a.hooked then
                insert into pinchwork.webhook (agent, seq, type, task, data, at, due)
                select x.agent, x.seq, x.type, x.task, x.data, x.at, write_accounts.due from pinchwork.event x
                where x.agent = d.id and x.seq > a.event_seq - told order by x.seq;
            end if;
        end if;
    end loop;
end $$;

-- write_change(change, texts): as in migration 0012, with change.drop, and about in
-- change.loose.
create or replace function pinchwork.write_change(c jsonb, texts text[], out seqs bigint[], out need text, out context text)
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    now timestamptz := c->>'at';
    r   record;
begin
    if c ? 'once' then
        insert into pinchwork.idempotency as x (caller, operation, key, request, outcome, expires_at)
        select w.caller, w.operation, w.key, decode(w.request, 'hex'), w.outcome, w.expires
        from jsonb_to_record(c->'once') as w(
            caller text, operation text, key text, request text, outcome text, expires timestamptz)
        on conflict on constraint idempotency_pkey do update
            set request = excluded.request, outcome = excluded.outcome, expires_at = excluded.expires_at
            where x.expires_at <= now;
        if not found then
            perform pinchwork.refuse('idempotency', '', c->'once'->>'caller');
        end if;
    end if;
    if c ?| '{tasks,unchanged,counts}' then
        seqs := pinchwork.write_tasks(c, texts);
    end if;
    if c ? 'agents' then
        perform pinchwork.write_agents(c->'agents');
    end if;
    if c ? 'roles' then
        perform pinchwork.write_roles(c->'roles');
    end if;
    if c ?| '{results,questions,answers,messages,reports,resolutions}' then
        perform pinchwork.write_talk(c, texts);
    end if;
    if c ? 'drop' then
        perform pinchwork.drop_texts(c->'drop');
    end if;
    if c ? 'trust' then
        perform pinchwork.write_trust(c->'trust');
    end if;
    if c ? 'tags' then
        for r in select * from jsonb_to_recordset(c->'tags') as w(
            agent text, tag text, count bigint, earned bigint, rating_sum bigint, rating_count bigint)
        loop
            insert into pinchwork.tag_stat as x values (r.agent, r.tag, r.count, r.earned, r.rating_sum, r.rating_count)
            on conflict (agent, tag) do update set
                count = x.count + excluded.count, earned = x.earned + excluded.earned,
                rating_sum = x.rating_sum + excluded.rating_sum, rating_count = x.rating_count + excluded.rating_count;
        end loop;
    end if;
    if c ? 'loose' then
        for r in select * from jsonb_to_recordset(c->'loose') as w(
            id text, source text, target text, amount bigint, kind text, task text, fee bigint, note text, about text,
            at timestamptz)
        loop
            insert into pinchwork.entry (id, source, target, amount, kind, task, fee, note, about, at, latest)
            values (r.id, r.source, r.target, r.amount, r.kind, coalesce(r.task, ''),
                    coalesce(r.fee, 0), coalesce(r.note, ''), coalesce(r.about, ''), r.at, r.at)
            on conflict do nothing;
            if not found then
                perform pinchwork.refuse('transfer', r.task, '');
            end if;
        end loop;
    end if;
    if c ? 'accounts' then
        perform pinchwork.write_accounts(c->'accounts', now);
    end if;
    if c ? 'totals' then
        insert into pinchwork.total_change
        select coalesce(w.posted, 0), coalesce(w.claimed, 0), coalesce(w.delivered, 0), coalesce(w.approved, 0),
               coalesce(w.expired, 0), coalesce(w.cancelled, 0), coalesce(w.escrowed, 0), coalesce(w.agents, 0)
        from jsonb_to_record(c->'totals') as w(
            posted bigint, claimed bigint, delivered bigint, approved bigint, expired bigint, cancelled bigint,
            escrowed bigint, agents bigint);
    end if;
    if c ? 'feed' then
        insert into pinchwork.feed (xid, at, items) values (pg_current_xact_id(), now, c->'feed');
    end if;
    if c ? 'want' then
        select x.need, x.context into write_change.need, write_change.context
        from pinchwork.task t join pinchwork.task_text x on x.seq = t.seq where t.id = c->>'want';
    end if;
end $$;

-- commit_posts(…): as in migration 0018, with what the texts of each posting take,
-- and what the poster's may take in all, 0 for no bound. The former one stays for
-- processes of the version before.
create function pinchwork.commit_posts(at timestamptz[], task text[], version bigint[], doc text[], due timestamptz[],
    need text[], context text[], feed text[], poster text[], amount bigint[],
    bytes bigint[], max_bytes bigint[], entry text[], source text[], target text[], event text[], accounts text[], pays int[], firsts int[], counts int[], told int[], facts text[],
    out refusal text[], out seqs bigint[])
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    n      bigint;
    p      int;
    paid   bigint;
    now    timestamptz;
    who    text;
    news   int;
    number bigint;
    hooked boolean;
    now_suspended boolean;
    now_balance   bigint;
    now_earned    bigint;
    now_bytes     bigint;
    latest timestamptz;
    guard  text;
    about  text;
    agent  text;
begin
    for i in 1 .. cardinality(task) loop
        insert into pinchwork.task as t (id, seq, version, poster, doc)
        values (commit_posts.task[i], nextval('pinchwork.task_seq'), commit_posts.version[i], commit_posts.poster[i],
                commit_posts.doc[i]::jsonb)
        on conflict do nothing returning t.seq into n;
        if n is null then
            perform pinchwork.refuse('duplicate', commit_posts.task[i], '');
        end if;
        seqs := seqs || n;
        insert into pinchwork.task_text (seq, task, need, context)
        values (n, commit_posts.task[i], commit_posts.need[i], commit_posts.context[i]);
        insert into pinchwork.party (agent, role, status, seq, task, due)
        values (commit_posts.poster[i], 1, 1, n, commit_posts.task[i], commit_posts.due[i]);
        insert into pinchwork.total_change (posted, claimed, delivered, approved, expired, cancelled, escrowed, agents)
        values (1, 0, 0, 0, 0, 0, amount[i], 0);
        if feed[i] <> '' then
            insert into pinchwork.feed (xid, at, items)
            values (pg_current_xact_id(), commit_posts.at[i], commit_posts.feed[i]::jsonb);
        end if;
    end loop;
    for i in 1 .. cardinality(accounts) loop
        who := accounts[i];
        p := pays[i];
        if p > 0 then
            paid := amount[p];
            now := commit_posts.at[p];
            loop
                update pinchwork.account x set
                    changes = x.changes + 1, epoch = (x.changes + 1) >> 4,
                    balance = x.balance - paid, escrowed = x.escrowed + paid,
                    posted = x.posted + 1, p_posted = x.p_posted + 1, text_bytes = x.text_bytes + commit_posts.bytes[p],
                    ledger_seq = x.ledger_seq + 1, ledger_at = greatest(x.ledger_at, now),
                    ledger_lag = case when x.ledger_at = '-infinity' then x.ledger_lag
                                      else greatest(x.ledger_lag, x.ledger_at - now) end
                where x.id = who
                  and x.epoch = (select max(newest.epoch) from pinchwork.account newest where newest.id = who)
                returning x.suspended, x.balance, x.earned, x.ledger_seq, x.ledger_at, x.text_bytes
                into now_suspended, now_balance, now_earned, number, latest, now_bytes;
                -- Not found: no such agent, or its epoch moved on while we waited for its row.
                exit when found or not exists (select from pinchwork.account x where x.id = who);
            end loop;
            if now_suspended is not false then
                perform pinchwork.refuse('suspended', '', who);
            elsif now_balance < 0 then
                perform pinchwork.refuse('balance', commit_posts.task[p], who);
            elsif commit_posts.bytes[p] > 0 and max_bytes[p] > 0 and now_bytes > max_bytes[p] then
                perform pinchwork.refuse('bytes of texts', '', who);
            end if;
            insert into pinchwork.entry (id, source, target, amount, kind, agent, seq, task, at, balance, earned, latest)
            values (commit_posts.entry[p], commit_posts.source[p], commit_posts.target[p], paid, 'escrow', who, number,
                    commit_posts.task[p], now, now_balance, now_earned, latest)
            on conflict do nothing;
            if not found then
                perform pinchwork.refuse('transfer', commit_posts.task[p], who);
            end if;
        else
            news := counts[i];
            loop
                update pinchwork.account x set
                    changes = x.changes + 1, epoch = (x.changes + 1) >> 4, event_seq = x.event_seq + news
                where x.id = who
                  and x.epoch = (select max(newest.epoch) from pinchwork.account newest where newest.id = who)
                returning x.event_seq - news, x.hooked into number, hooked;
                exit when found or not exists (select from pinchwork.account x where x.id = who);
            end loop;
            continue when number is null;
            for k in 1 .. news loop
                n := firsts[i] + k - 1;
                p := told[n];
                insert into pinchwork.event (agent, seq, type, task, data, at)
                values (who, number + k, commit_posts.event[p], commit_posts.task[p], nullif(facts[n], '')::jsonb, commit_posts.at[p]);
                if hooked then
                    insert into pinchwork.webhook (agent, seq, type, task, data, at, due)
                    values (who, number + k, commit_posts.event[p], commit_posts.task[p], nullif(facts[n], '')::jsonb,
                            commit_posts.at[p], commit_posts.at[p]);
                end if;
            end loop;
        end if;
    end loop;
exception when sqlstate 'PW001' then
    get stacked diagnostics guard = message_text, about = pg_exception_detail, agent = pg_exception_hint;
    refusal := array[guard, about, agent];
    seqs := null;
end $$;
