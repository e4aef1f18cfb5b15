-- write_change(change, texts): as in migration 0012, with change.drop, and about in
-- change.loose.
create function pinchwork.write_change(c jsonb, texts text[], out seqs bigint[], out need text, out context text)
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

-- commit_change(change, texts): writes all of a change or nothing.
--
-- out: refusal is null, or {guard, task, agent} of the guard that failed
create function pinchwork.commit_change(c jsonb, texts text[],
    out refusal text[], out seqs bigint[], out need text, out context text)
language plpgsql as $$
declare
    guard text;
    task  text;
    agent text;
begin
    select w.seqs, w.need, w.context into commit_change.seqs, commit_change.need, commit_change.context
    from pinchwork.write_change(c, texts) w;
exception when sqlstate 'PW001' then
    get stacked diagnostics guard = message_text, task = pg_exception_detail, agent = pg_exception_hint;
    refusal := array[guard, task, agent];
end $$;

-- commit_first(changes, texts): writes the first change whose guards hold.
--
-- in:  changes as JSON text, so that only those that are tried are parsed
-- out: chosen counts from 0, −1 for none; refusals {guard, task, agent, …} of those before it, in order
create function pinchwork.commit_first(changes text[], texts text[],
    out chosen int, out refusals text[], out seqs bigint[], out need text, out context text)
language plpgsql as $$
declare
    r record;
begin
    refusals := '{}';
    for i in 1 .. cardinality(changes) loop
        select * into r from pinchwork.commit_change(changes[i]::jsonb, texts);
        if r.refusal is null then
            chosen := i - 1;
            seqs := r.seqs;
            need := r.need;
            context := r.context;
            return;
        end if;
        refusals := refusals || r.refusal;
    end loop;
    chosen := -1;
end $$;
