-- refuse(guard, change, task, agent): how a commit says that a guard failed. The
-- guards have names of their own here, which the program translates.
--
-- in:  whose guard it was, '' where it is about neither
-- out: never returns; raises PW001, which commit catches, so that the client's
--      transaction stays usable and nothing reaches the server's log
create function pinchwork.refuse(guard text, change int, task text, agent text) returns void
language plpgsql as $$
begin
    raise exception using errcode = 'PW001', message = guard, detail = coalesce(task, ''), hint = coalesce(agent, ''),
        column = coalesce(change, 0)::text;
end $$;
