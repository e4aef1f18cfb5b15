-- write_talk(change, texts): results, questions, messages and reports, which
-- must be new, and what becomes of questions and reports.
--
-- in:  change.results     [{task, no, body}]      body is a position in texts, here and below
--      change.questions   [{id, task, asker, body, answer, at, answered}]
--      change.answers     [{question, task, body, at}]
--      change.messages    [{id, task, sender, worker, body, at}]
--      change.reports     [{id, task, reporter, reason, status, note, at, resolved}]
--      change.resolutions [{id, task, status, note, resolved}]
create function pinchwork.write_talk(c jsonb, texts text[]) returns void
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    r   record;
    old text;
begin
    for r in select * from jsonb_to_recordset(c->'results') as w(task text, no int, body int) loop
        insert into pinchwork.result (task, no, body)
        values (r.task, r.no, coalesce(texts[r.body], '')) on conflict do nothing;
        if not found then
            perform pinchwork.refuse('duplicate', r.task, '');
        end if;
    end loop;
    for r in select * from jsonb_to_recordset(c->'questions') as w(
        id text, task text, asker text, body int, answer int, at timestamptz, answered timestamptz)
    loop
        insert into pinchwork.question (id, task, asker, body, answer, created_at, answered_at)
        values (r.id, r.task, r.asker, coalesce(texts[r.body], ''), coalesce(texts[r.answer], ''), r.at, r.answered)
        on conflict do nothing;
        if not found then
            perform pinchwork.refuse('duplicate', r.task, r.asker);
        end if;
    end loop;
    for r in select * from jsonb_to_recordset(c->'answers') as w(
        question text, task text, body int, at timestamptz)
    loop
        update pinchwork.question set answer = coalesce(texts[r.body], ''), answered_at = r.at
        where id = r.question and task = r.task and answered_at is null;
        if not found then
            perform pinchwork.refuse('answered', r.task, '');
        end if;
    end loop;
    for r in select * from jsonb_to_recordset(c->'messages') as w(
        id text, task text, sender text, worker text, body int, at timestamptz)
    loop
        insert into pinchwork.message (id, task, sender, worker, body, created_at)
        values (r.id, r.task, r.sender, r.worker, coalesce(texts[r.body], ''), r.at) on conflict do nothing;
        if not found then
            perform pinchwork.refuse('duplicate', r.task, r.sender);
        end if;
    end loop;
    for r in select * from jsonb_to_recordset(c->'reports') as w(
        id text, task text, reporter text, reason int, status text, note text, at timestamptz, resolved timestamptz)
    loop
        insert into pinchwork.report (id, task, reporter, reason, status, note, created_at, resolved_at)
        values (r.id, r.task, r.reporter, coalesce(texts[r.reason], ''), r.status, r.note, r.at, r.resolved)
        on conflict do nothing;
        if not found then
            perform pinchwork.refuse('duplicate', r.task, r.reporter);
        end if;
        perform pinchwork.count_reports(r.status, 1);
    end loop;
    for r in select * from jsonb_to_recordset(c->'resolutions') as w(
        id text, task text, status text, note text, resolved timestamptz)
    loop
        update pinchwork.report set status = r.status, note = r.note, resolved_at = r.resolved
        where id = r.id and status = 'open';
        if not found then
            perform pinchwork.refuse('report', r.task, '');
        end if;
        perform pinchwork.count_reports('open', -1);
        perform pinchwork.count_reports(r.status, 1);
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

-- count_reports(status, delta): moves the number of reports in a status.
create function pinchwork.count_reports(status text, delta bigint) returns void
language sql as $$
    insert into pinchwork.report_count as x (status, count) values (count_reports.status, delta)
    on conflict on constraint report_count_pkey do update set count = x.count + excluded.count;
$$;
