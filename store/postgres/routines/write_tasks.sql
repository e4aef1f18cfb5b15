-- write_tasks(change, texts): as in migration 0008; the counts also have bytes, by
-- which the talk of the task grows, and max_bytes, null when there is no bound.
create function pinchwork.write_tasks(c jsonb, texts text[]) returns bigint[]
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
