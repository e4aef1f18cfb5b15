-- lease_webhooks(now, until, most): takes at most so many deliveries that are
-- due, oldest first, and makes each due again at `until`. Deliveries to agents that
-- are not reachable any more are dropped on the way.
--
-- out: the deliveries with the receiver's profile, in order
create function pinchwork.lease_webhooks(now timestamptz, until timestamptz, most int)
returns table (agent text, seq bigint, type text, task text, data text, at timestamptz,
               attempts int, lease bigint, profile text)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
declare
    w       record;
    leased  int := 0;
    dropped int := 0;
begin
    -- Only as many as are wanted are locked, so that replicas share what is due.
    loop
        for w in
            select q.agent, q.seq, p.profile, p.reachable
            from (select o.* from pinchwork.webhook o where o.due <= now order by o.due, o.n limit most - leased
                  for no key update skip locked) q
            join pinchwork.agent p on p.id = q.agent order by q.due, q.n
        loop
            if not w.reachable then
                delete from pinchwork.webhook x where x.agent = w.agent and x.seq = w.seq;
                dropped := dropped + 1;
                continue;
            end if;
            leased := leased + 1;
            update pinchwork.webhook x set due = until, lease = nextval('pinchwork.webhook_n')
            where x.agent = w.agent and x.seq = w.seq
            returning x.agent, x.seq, x.type, x.task, x.data, x.at, x.attempts, x.lease
            into agent, seq, type, task, data, at, attempts, lease;
            profile := w.profile;
            return next;
        end loop;
        exit when not found or leased >= most or dropped >= 1000;
    end loop;
end $$;

-- finish_webhook(agent, seq, lease, delivered, retry_at, error, at): writes how
-- an attempt ended, and ends the lease.
--
-- in:  retry_at null keeps an undelivered one as a dead letter
-- out: false when the lease is no longer the newest
create function pinchwork.finish_webhook(agent text, seq bigint, lease bigint, delivered boolean,
    retry_at timestamptz, error text, at timestamptz) returns boolean
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
begin
    if delivered then
        delete from pinchwork.webhook w
        where w.agent = finish_webhook.agent and w.seq = finish_webhook.seq
          and w.lease = finish_webhook.lease and w.lease <> 0;
        return found;
    end if;
    update pinchwork.webhook w set
        attempts = w.attempts + 1, lease = 0, due = retry_at,
        dead_at = case when retry_at is null then finish_webhook.at end,
        error = case when retry_at is null then finish_webhook.error else '' end
    where w.agent = finish_webhook.agent and w.seq = finish_webhook.seq
      and w.lease = finish_webhook.lease and w.lease <> 0;
    return found;
end $$;
