-- earned_at(agent, since): what an agent had earned at an instant: Entry.earned
-- of the last of its entries, by number, that is not after it; 0 for none.
--
-- Numbers follow commits, instants may lag behind them. `latest` only grows with
-- the number, so bisection finds the last entry before which all are early
-- enough; beyond it an entry can be early enough only while `latest` is within
-- the greatest lag that the account has seen.
create function pinchwork.earned_at(agent text, since timestamptz) returns bigint
language plpgsql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
declare
    newest bigint;
    lag    interval;
    low    bigint;
    high   bigint;
    found_earned bigint;
begin
    select a.ledger_seq, a.ledger_lag into newest, lag from pinchwork.account a
    where a.id = earned_at.agent order by a.epoch desc limit 1;
    if not found then
        return 0;
    end if;
    low := pinchwork.entries_until(agent, since, newest);
    high := pinchwork.entries_until(agent, since + lag, newest);
    select e.earned into found_earned from pinchwork.entry e
    where e.agent = earned_at.agent and e.agent <> '' and e.seq between greatest(low, 1) and high and e.at <= since
    order by e.seq desc limit 1;
    return coalesce(found_earned, 0);
end $$;

-- entries_until(agent, until, newest): the highest number whose `latest` is not
-- after an instant, by bisection from 0 to newest.
create function pinchwork.entries_until(agent text, until timestamptz, newest bigint) returns bigint
language plpgsql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
declare
    low  bigint := 0;
    high bigint := newest;
    middle bigint;
begin
    while low < high loop
        middle := (low + high + 1) / 2;
        if (select e.latest <= until from pinchwork.entry e
            where e.agent = entries_until.agent and e.agent <> '' and e.seq = middle) then
            low := middle;
        else
            high := middle - 1;
        end if;
    end loop;
    return low;
end $$;
