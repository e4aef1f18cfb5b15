-- write_agents(change): inserts and replaces profiles; the account's copies of
-- two of their fields follow in write_accounts.
--
-- in:  change.agents [{id, version (the one replaced; absent to insert), next, key (hex), profile, suspended, hooked}]
create function pinchwork.write_agents(agents jsonb) returns void
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    a record;
begin
    for a in select * from jsonb_to_recordset(agents) as w(
        id text, version bigint, next bigint, key text, profile jsonb, suspended boolean, hooked boolean)
    loop
        if a.version is null then
            insert into pinchwork.agent (id, version, key, profile)
            values (a.id, a.next, decode(a.key, 'hex'), a.profile) on conflict do nothing;
            if not found then
                perform pinchwork.refuse('duplicate', '', a.id);
            end if;
            insert into pinchwork.account (id, suspended, hooked) values (a.id, a.suspended, a.hooked);
        else
            update pinchwork.agent set version = a.next, profile = a.profile
            where id = a.id and version = a.version;
            if not found then
                perform pinchwork.refuse('agent version', '', a.id);
            end if;
        end if;
    end loop;
end $$;

-- write_trust(pairs): writes pairs that nobody wrote meanwhile.
--
-- in:  [{from, to, score, n (the interactions after this), at}]
create function pinchwork.write_trust(pairs jsonb) returns void
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    p record;
begin
    for p in select * from jsonb_to_recordset(pairs) as w(
        "from" text, "to" text, score double precision, n bigint, at timestamptz)
    loop
        if p.n = 1 then
            insert into pinchwork.trust values (p."from", p."to", p.score, 1, p.at) on conflict do nothing;
        else
            update pinchwork.trust set score = p.score, interactions = p.n, updated_at = p.at
            where from_id = p."from" and to_id = p."to" and interactions = p.n - 1;
        end if;
        if not found then
            perform pinchwork.refuse('trust version', '', p."from");
        end if;
    end loop;
end $$;

-- write_roles(roles): takes roles; the same role again is fine.
--
-- in:  [{task, agent, role, at, why, claim}], the last three of how the agent's claim ended; they take the place of
--      those that were there, absent ones too
create function pinchwork.write_roles(roles jsonb) returns void
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    r record;
begin
    for r in select * from jsonb_to_recordset(roles) as w(
        task text, agent text, role text, at timestamptz, why text, claim int)
    loop
        insert into pinchwork.role as x (task, agent, role, lapsed_at, lapse_why, lapse_claim)
        values (r.task, r.agent, r.role, r.at, r.why, r.claim)
        on conflict on constraint role_pkey do update
            set lapsed_at = excluded.lapsed_at, lapse_why = excluded.lapse_why, lapse_claim = excluded.lapse_claim
            where x.role = excluded.role;
        if not found then
            perform pinchwork.refuse('role', r.task, r.agent);
        end if;
    end loop;
end $$;
