-- give_key(agent, key, keep_old, change): makes the key the agent's, and the one that it
-- has its old one, unless that is to stay.
create function pinchwork.give_key(agent text, key bytea, keep_old boolean, change int) returns boolean
language plpgsql as $$
begin
    if exists (select from pinchwork.agent x where x.key = give_key.key)
        or exists (select from pinchwork.agent x where x.old_key = give_key.key) then
        perform pinchwork.refuse('duplicate', change, '', agent);
    end if;
    update pinchwork.agent x set old_key = case when keep_old then x.old_key else x.key end, key = give_key.key
    where x.id = agent;
    return true;
exception
    when unique_violation then
        perform pinchwork.refuse('duplicate', change, '', agent);
end $$;

-- write_agents(agents): inserts and replaces profiles; the account's copies of two of
-- their fields follow in write_accounts.
create function pinchwork.write_agents(agents pinchwork.put_agent[]) returns boolean
language plpgsql as $$
declare
    a  pinchwork.put_agent;
    ok boolean;
begin
    foreach a in array agents loop
        if a.version is null then
            insert into pinchwork.agent (id, version, key, profile, reachable, external_id, old_key_until)
            values (a.id, a.next, a.key, a.profile, a.reachable, a.external_id, a.old_key_until) on conflict do nothing;
            if not found or exists (select from pinchwork.agent x where x.old_key = a.key) then
                perform pinchwork.refuse('duplicate', a.change, '', a.id);
            end if;
            insert into pinchwork.account (id, suspended, hooked) values (a.id, a.suspended, a.hooked);
        else
            update pinchwork.agent
            set version = a.next, profile = a.profile, reachable = a.reachable, old_key_until = a.old_key_until
            where id = a.id and version = a.version;
            if not found then
                perform pinchwork.refuse('agent', a.change, '', a.id);
            end if;
            if a.key is not null then
                ok := pinchwork.give_key(a.id, a.key, a.keep_old, a.change);
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
