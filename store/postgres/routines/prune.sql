-- prune_tasks(before, most, platform): deletes at most so many tasks that ended before
-- an instant, with all that is about them but ledger entries and events.
--
-- in:  platform the poster whose tasks the totals leave out
-- out: how many
create function pinchwork.prune_tasks(before timestamptz, most int, platform text) returns int
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
declare
    ids text[];
    r   record;
begin
    select array_agg(doomed.id) into ids from (
        select t.id from (select e.task from pinchwork.ended e where e.at < before order by e.at limit most) o
        join pinchwork.task t on t.id = o.task order by t.id for no key update of t
    ) doomed;
    if ids is null then
        return 0;
    end if;
    delete from pinchwork.result where task = any(ids);
    delete from pinchwork.role where task = any(ids);
    delete from pinchwork.question where task = any(ids);
    delete from pinchwork.message where task = any(ids);
    for r in
        with gone as (delete from pinchwork.report where task = any(ids) returning status)
        select status, count(*) as n from gone group by status order by status
    loop
        perform pinchwork.count_reports(r.status, -r.n);
    end loop;
    delete from pinchwork.task_text x using pinchwork.task t where t.id = any(ids) and x.seq = t.seq;
    perform pinchwork.prune_parties(ids, platform);
    delete from pinchwork.ended e where e.at < before and e.task = any(ids)
        and e.at in (select o.at from pinchwork.ended o where o.at < before order by o.at limit most);
    delete from pinchwork.task where id = any(ids);
    return cardinality(ids);
end $$;

-- prune_parties(ids, platform): takes ended tasks from their parties' lists, and from
-- the counts of both and of the marketplace.
create function pinchwork.prune_parties(ids text[], platform text) returns void
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
declare
    r record;
begin
    for r in
        with posted as (
            delete from pinchwork.party p using pinchwork.task t
            where t.id = any(ids) and p.agent = t.poster and p.role = 1 and p.status = t.status and p.seq = t.seq
            returning p.agent, p.role, p.status
        ), worked as (
            delete from pinchwork.party p using pinchwork.task t
            where t.id = any(ids) and p.agent = t.worker and p.role = 2 and p.status = t.status and p.seq = t.seq
            returning p.agent, p.role, p.status
        ), gone as (
            select g.agent, 6 * (g.role - 1) + g.status as place, count(*)::int as n
            from (select * from posted union all select * from worked) g group by 1, 2
        )
        select g.agent, array(select coalesce((select -x.n from gone x where x.agent = g.agent and x.place = i), 0)
                              from generate_series(1, 12) i order by i) as tally
        from gone g group by g.agent order by g.agent
    loop
        continue when r.agent = platform;
        perform pinchwork.change_tally(r.agent, r.tally);
        insert into pinchwork.total_change
        values (r.tally[1], r.tally[2], r.tally[3], r.tally[4], r.tally[5], r.tally[6], 0, 0);
    end loop;
    -- What was never everybody's is in the tally of its poster, but counted apart in the totals.
    with hidden as (
        select t.status from pinchwork.task t
        where t.id = any(ids) and t.poster <> platform and t.doc like '%"direct":{%'
          and t.doc::json -> 'direct' is not null and t.doc::json #> '{direct,opened}' is null
    )
    insert into pinchwork.total_change
    select c.n[1], c.n[2], c.n[3], c.n[4], c.n[5], c.n[6], 0, 0, 0, 0, 0, 0, 0,
           -c.n[1], -c.n[2], -c.n[3], -c.n[4], -c.n[5], -c.n[6]
    from (select array(select (select count(*) from hidden h where h.status = i) from generate_series(1, 6) i order by i) as n) c
    where exists (select from hidden);
end $$;

-- change_tally(agent, tally): moves the counts of an agent's tasks.
-- Nothing happens for the platform, which has no account.
--
-- in:  12 numbers: posted … cancelled as poster, then as worker
create function pinchwork.change_tally(agent text, tally int[]) returns void
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
begin
    loop
        update pinchwork.account a set
            changes = a.changes + 1, epoch = (a.changes + 1) >> 4,
            p_posted = p_posted + tally[1], p_claimed = p_claimed + tally[2], p_delivered = p_delivered + tally[3],
            p_approved = p_approved + tally[4], p_expired = p_expired + tally[5], p_cancelled = p_cancelled + tally[6],
            w_posted = w_posted + tally[7], w_claimed = w_claimed + tally[8], w_delivered = w_delivered + tally[9],
            w_approved = w_approved + tally[10], w_expired = w_expired + tally[11], w_cancelled = w_cancelled + tally[12]
        where a.id = change_tally.agent
          and a.epoch = (select max(newest.epoch) from pinchwork.account newest where newest.id = change_tally.agent);
        exit when found or not exists (select from pinchwork.account x where x.id = change_tally.agent);
    end loop;
end $$;

-- prune_events(before, most): deletes the oldest events, up to the first that is not
-- older than an instant, and remembers up to which number. The oldest of all is its
-- agent's oldest as well: what stays has no gap.
--
-- out: how many
create function pinchwork.prune_events(before timestamptz, most int) returns int
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
declare
    last bigint;
    gone int;
begin
    select max(o.n) into last from (
        select x.n, bool_and(x.at < before) over (order by x.n) as old
        from (select e.n, e.at from pinchwork.event e order by e.n limit most) x
    ) o where o.old;
    if last is null then
        return 0;
    end if;
    delete from pinchwork.event e where e.n <= last;
    get diagnostics gone = row_count;
    update pinchwork.pruned set n = greatest(n, last);
    return gone;
end $$;

-- prune_feed(before, most): deletes the oldest rows of the feed, and remembers
-- up to which transaction.
--
-- out: how many rows, and how many items were in them
create function pinchwork.prune_feed(before timestamptz, most int, out gone int, out items int)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
declare
    last xid8;
begin
    -- Prunes take turns, so that none forgets what another has deleted.
    perform from pinchwork.pruned for no key update;
    with old as (
        select o.ctid from (select f.ctid, f.at from pinchwork.feed f order by f.xid limit most) o where o.at < before
    ), deleted as (
        delete from pinchwork.feed f using old where f.ctid = old.ctid returning f.xid, f.n
    )
    select count(*), coalesce(sum(d.n), 0), (select x.xid from deleted x order by x.xid desc limit 1) into gone, items, last
    from deleted d;
    if gone > 0 then
        update pinchwork.pruned set xid = greatest(xid, last);
    end if;
end $$;

-- prune_rest(now, dead_before, most): deletes expired idempotency keys, full
-- rate buckets and old dead letters.
--
-- out: how many keys, buckets and letters
create function pinchwork.prune_rest(now timestamptz, dead_before timestamptz, most int,
    out records int, out buckets int, out dead int)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
begin
    delete from pinchwork.idempotency i using (
        select x.caller, x.operation, x.key from pinchwork.idempotency x where x.expires_at <= now order by x.expires_at limit most
    ) o where i.caller = o.caller and i.operation = o.operation and i.key = o.key and i.expires_at <= now;
    get diagnostics records = row_count;
    delete from pinchwork.bucket b using (
        select x.name from pinchwork.bucket x where x.hour <= now - interval '1 hour' order by x.hour limit most
    ) o where b.name = o.name and b.full_at <= now;
    get diagnostics buckets = row_count;
    delete from pinchwork.webhook w using (
        select x.agent, x.seq from pinchwork.webhook x where x.dead_at < dead_before order by x.dead_at limit most
    ) o where w.agent = o.agent and w.seq = o.seq and w.dead_at < dead_before;
    get diagnostics dead = row_count;
end $$;

-- fold_totals(most): puts at most so many changes of the totals into one. A single one
-- stays as it is, so that nothing is written while nothing happens.
--
-- out: how many
create function pinchwork.fold_totals(most int) returns bigint
language sql as $$
    with old as (
        select ctid from pinchwork.total_change
        where (select count(*) from (select from pinchwork.total_change limit 2) few) = 2
        limit most for update skip locked
    ), gone as (
        delete from pinchwork.total_change t using old where t.ctid = old.ctid returning t.*
    ), folded as (
        insert into pinchwork.total_change
        select sum(posted), sum(claimed), sum(delivered), sum(approved), sum(expired), sum(cancelled), sum(escrowed), sum(agents),
               sum(registered), sum(granted), sum(clawed_back), sum(fees), sum(system_pay),
               sum(sealed_posted), sum(sealed_claimed), sum(sealed_delivered), sum(sealed_approved), sum(sealed_expired), sum(sealed_cancelled)
        from gone having count(*) > 0
    )
    select count(*) from gone;
$$;
