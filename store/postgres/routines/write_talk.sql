-- write_results(results): texts of deliveries, which must be new.
create function pinchwork.write_results(results pinchwork.put_result[]) returns boolean
language plpgsql as $$
declare
    n int;
begin
    insert into pinchwork.result (task, no, body) select r.task, r.no, r.body from unnest(results) r on conflict do nothing;
    get diagnostics n = row_count;
    if n < cardinality(results) then
        perform pinchwork.refuse('duplicate', r.change, r.task, '') from unnest(results) r limit 1;
    end if;
    return true;
end $$;

-- write_talk(…): questions and messages, which must be new, and answers to questions
-- that have none.
create function pinchwork.write_talk(
    questions pinchwork.put_question[], answers pinchwork.put_answer[], messages pinchwork.put_message[]) returns boolean
language plpgsql as $$
declare
    r record;
begin
    for r in select * from unnest(questions) loop
        insert into pinchwork.question (id, task, asker, body, answer, created_at, answered_at)
        values (r.id, r.task, r.asker, r.body, r.answer, r.created_at, r.answered_at) on conflict do nothing;
        if not found then
            perform pinchwork.refuse('duplicate', r.change, r.task, r.asker);
        end if;
    end loop;
    for r in select * from unnest(answers) loop
        update pinchwork.question set answer = r.body, answered_at = r.at
        where id = r.question and task = r.task and answered_at is null;
        if not found then
            perform pinchwork.refuse('answered', r.change, r.task, '');
        end if;
    end loop;
    for r in select * from unnest(messages) loop
        insert into pinchwork.message (id, task, sender, worker, body, created_at)
        values (r.id, r.task, r.sender, r.worker, r.body, r.created_at) on conflict do nothing;
        if not found then
            perform pinchwork.refuse('duplicate', r.change, r.task, r.sender);
        end if;
    end loop;
    return true;
end $$;

-- write_reports(reports): inserts reports, which must be new, and resolves others.
create function pinchwork.write_reports(reports pinchwork.put_report[]) returns boolean
language plpgsql as $$
declare
    r record;
begin
    for r in select * from unnest(reports) loop
        if r.was is null then
            insert into pinchwork.report (id, task, reporter, reason, status, note, created_at, resolved_at)
            values (r.id, r.task, r.reporter, r.reason, r.status, r.note, r.created_at, r.resolved_at) on conflict do nothing;
            if not found then
                perform pinchwork.refuse('duplicate', r.change, r.task, r.reporter);
            end if;
        else
            update pinchwork.report set status = r.status, note = r.note, resolved_at = r.resolved_at
            where id = r.id and status = r.was;
            if not found then
                perform pinchwork.refuse('report', r.change, r.task, '');
            end if;
            perform pinchwork.count_reports(r.was, -1);
        end if;
        perform pinchwork.count_reports(r.status, 1);
    end loop;
    return true;
end $$;

-- count_reports(status, delta): moves the number of reports in a status.
create function pinchwork.count_reports(status text, delta bigint) returns void
language sql as $$
    insert into pinchwork.report_count as x (status, count) values (count_reports.status, delta)
    on conflict on constraint report_count_pkey do update set count = x.count + excluded.count;
$$;

-- drop_texts(drops): deletes texts of tasks; what is not there is passed over.
create function pinchwork.drop_texts(drops pinchwork.put_drop[]) returns boolean
language plpgsql as $$
declare
    t record;
begin
    for t in select * from unnest(drops) order by task, no loop
        if t.no > 0 then
            delete from pinchwork.result r where r.task = t.task and r.no = t.no;
            continue;
        end if;
        update pinchwork.task_text x set need = '', context = ''
        from pinchwork.task k where k.id = t.task and x.seq = k.seq;
        delete from pinchwork.question q where q.task = t.task;
        delete from pinchwork.message m where m.task = t.task;
    end loop;
    return true;
end $$;
