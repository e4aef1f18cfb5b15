-- write_agents(agents): inserts and replaces profiles; the account's copies of two of
-- their fields follow in write_accounts.
create function pinchwork.write_agents(agents pinchwork.put_agent[]) returns boolean
language plpgsql as $$
declare
    a pinchwork.put_agent;
begin
    foreach a in array agents loop
        if a.version is null then
            insert into pinchwork.agent (id, version, key, profile, reachable)
            values (a.id, a.next, a.key, a.profile, a.reachable) on conflict do nothing;
            if not found then
                perform pinchwork.refuse('duplicate', a.change, '', a.id);
            end if;
            insert into pinchwork.account (id, suspended, hooked) values (a.id, a.suspended, a.hooked);
        else
            update pinchwork.agent set version = a.next, profile = a.profile, reachable = a.reachable
            where id = a.id and version = a.version;
            if not found then
                perform pinchwork.refuse('agent', a.change, '', a.id);
            end if;
        end if;
    end loop;
    return true;
end $$;

-- write_trust(pairs): writes pairs that nobody wrote meanwhile.
create function pinchwork.write_trust(pairs pinchwork.put_trust[]) returns boolean
language plpgsql as $$
declare
    n     int;
    begun int;
begin
    update pinchwork.trust x set score = p.score, interactions = p.interactions, updated_at = p.updated_at
    from unnest(pairs) p
    where x.from_id = p.from_id and x.to_id = p.to_id and x.interactions = p.interactions - 1;
    get diagnostics n = row_count;
    if n < cardinality(pairs) then
        insert into pinchwork.trust (from_id, to_id, score, interactions, updated_at)
        select p.from_id, p.to_id, p.score, 1, p.updated_at from unnest(pairs) p where p.interactions = 1
        on conflict do nothing;
        get diagnostics begun = row_count;
    end if;
    if n + begun < cardinality(pairs) then
        perform pinchwork.refuse('trust', p.change, '', p.from_id) from unnest(pairs) p
        where not exists (select from pinchwork.trust x
                          where x.from_id = p.from_id and x.to_id = p.to_id and x.interactions = p.interactions
                            and x.score = p.score and x.updated_at = p.updated_at) limit 1;
        perform pinchwork.refuse('trust', p.change, '', p.from_id) from unnest(pairs) p limit 1;
    end if;
    return true;
end $$;
