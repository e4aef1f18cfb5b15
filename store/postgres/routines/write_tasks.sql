-- post_tasks(tasks): inserts tasks with their texts.
--
-- out: the numbers given to the tasks, in their order
create function pinchwork.post_tasks(tasks pinchwork.put_task[]) returns bigint[]
language plpgsql as $$
declare
    seqs bigint[];
begin
    with made as (
        insert into pinchwork.task (id, seq, version, status, poster, worker, parent, subject, children, result_no, doc)
        select t.id, nextval('pinchwork.task_seq'), t.next, t.status, t.poster, t.worker, t.parent, t.subject, t.children,
               t.result_no, t.doc
        from unnest(tasks) t on conflict do nothing returning seq
    )
    select array_agg(m.seq order by m.seq) into seqs from made m;
    if cardinality(seqs) is distinct from cardinality(tasks) then
        perform pinchwork.refuse('duplicate', t.change, t.id, '')
        from unnest(tasks) t join pinchwork.task x on x.id = t.id where x.seq <> all(coalesce(seqs, '{}')) limit 1;
        perform pinchwork.refuse('duplicate', t.change, t.id, '') from unnest(tasks) t limit 1;
    end if;
    insert into pinchwork.task_text (seq, task, need, context)
    select seqs[t.ordinality], t.id, t.need, t.context from unnest(tasks) with ordinality t;
    return seqs;
end $$;

-- move_tasks(tasks): replaces tasks in the version that a change was decided on.
create function pinchwork.move_tasks(tasks pinchwork.put_task[]) returns boolean
language plpgsql as $$
declare
    n int;
begin
    update pinchwork.task x set version = t.next, status = t.status, worker = t.worker, children = t.children,
        result_no = t.result_no, doc = t.doc
    from unnest(tasks) t where x.id = t.id and x.version = t.version;
    get diagnostics n = row_count;
    if n < cardinality(tasks) then
        perform pinchwork.refuse('task', t.change, t.id, '') from unnest(tasks) t
        where not exists (select from pinchwork.task x where x.id = t.id and x.version = t.next) limit 1;
        perform pinchwork.refuse('task', t.change, t.id, '') from unnest(tasks) t limit 1;
    end if;
    return true;
end $$;

-- list_tasks(come, move, go): puts tasks on the lists of their parties, moves them
-- there, and takes them away. Each is a statement of its own, because most commits
-- need one of them and a plan is set up for all its parts. Without "offset" the planner
-- may read the whole list of an agent for one task.
create function pinchwork.list_tasks(come pinchwork.put_party[], move pinchwork.put_party[], go pinchwork.put_party[])
returns boolean language plpgsql as $$
begin
    if go is not null then
        delete from pinchwork.party x
        using (select u.*, t.seq from unnest(go) u join pinchwork.task t on t.id = u.task offset 0) p
        where x.agent = p.agent and x.role = p.role and x.status = p.was and x.seq = p.seq;
    end if;
    if move is not null then
        update pinchwork.party x set status = p.status, open = p.open, due = p.due
        from (select u.*, t.seq from unnest(move) u join pinchwork.task t on t.id = u.task offset 0) p
        where x.agent = p.agent and x.role = p.role and x.status = p.was and x.seq = p.seq;
    end if;
    if come is not null then
        insert into pinchwork.party (agent, role, status, seq, open, task, due)
        select p.agent, p.role, p.status, t.seq, p.open, p.task, p.due
        from unnest(come) p join pinchwork.task t on t.id = p.task;
    end if;
    return true;
end $$;

-- keep_tasks(refs, alone): guards on tasks that are only read. Whoever shares a row
-- and then wants to count on it would wait for another that does the same, so they
-- are shared only alone.
create function pinchwork.keep_tasks(refs pinchwork.put_ref[], alone boolean) returns boolean
language plpgsql as $$
declare
    r record;
begin
    for r in select * from unnest(refs) order by task loop
        if alone then
            perform from pinchwork.task where id = r.task and version = r.version for share;
        else
            perform from pinchwork.task where id = r.task and version = r.version for no key update;
        end if;
        if not found then
            perform pinchwork.refuse('task', r.change, r.task, '');
        end if;
    end loop;
    return true;
end $$;

-- count_talk(counts): moves how many questions of a task are open, and how many
-- bytes its talk has; null for no bound.
create function pinchwork.count_talk(counts pinchwork.put_count[]) returns boolean
language plpgsql as $$
declare
    c record;
    open_now  int;
    bytes_now bigint;
begin
    for c in select * from unnest(counts) order by task loop
        update pinchwork.task set unanswered = unanswered + c.delta, talk_bytes = talk_bytes + c.bytes
        where id = c.task returning unanswered, talk_bytes into open_now, bytes_now;
        if not found then
            perform pinchwork.refuse('task', c.change, c.task, '');
        elsif c.delta > 0 and open_now > c.most then
            perform pinchwork.refuse('questions', c.change, c.task, '');
        elsif c.bytes > 0 and bytes_now > c.most_bytes then
            perform pinchwork.refuse('talk bytes', c.change, c.task, '');
        end if;
    end loop;
    return true;
end $$;

-- write_roles(roles): takes roles; the same role again is fine, and how the claim
-- ended takes the place of what was there.
create function pinchwork.write_roles(roles pinchwork.put_role[]) returns boolean
language plpgsql as $$
declare
    n int;
begin
    insert into pinchwork.role as x (task, agent, role, lapsed_at, lapse_why, lapse_claim)
    select r.task, r.agent, r.role, r.lapsed_at, r.lapse_why, r.lapse_claim from unnest(roles) r
    on conflict on constraint role_pkey do update
        set lapsed_at = excluded.lapsed_at, lapse_why = excluded.lapse_why, lapse_claim = excluded.lapse_claim
        where x.role = excluded.role;
    get diagnostics n = row_count;
    if n < cardinality(roles) then
        perform pinchwork.refuse('role', r.change, r.task, r.agent)
        from unnest(roles) r join pinchwork.role x using (task, agent) where x.role <> r.role limit 1;
    end if;
    return true;
end $$;
