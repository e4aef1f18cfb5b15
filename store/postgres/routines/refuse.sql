-- refuse(guard, task, agent): how a change says that a guard failed.
--
-- in:  the market.Guard, and whose guard it was ('' where it is about neither)
-- out: never returns; raises PW001, which commit_change catches, so that the
--      client's transaction stays usable and nothing reaches the server's log
create function pinchwork.refuse(guard text, task text, agent text) returns void
language plpgsql as $$
begin
    raise exception using errcode = 'PW001', message = guard, detail = coalesce(task, ''), hint = coalesce(agent, '');
end $$;

-- change_account_tally(agent, tally): moves the counts of an agent's tasks.
-- Nothing happens for the platform, which has no account.
--
-- in:  12 numbers: posted … cancelled as poster, then as worker
create function pinchwork.change_tally(agent text, tally int[]) returns void
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
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
