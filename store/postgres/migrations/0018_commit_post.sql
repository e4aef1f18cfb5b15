-- commit_post(…): writes a change that posts one task and does nothing else, or
-- nothing: what commit_change does, for the change that hot posters and hot
-- workers wait for. Plain parameters and few expressions make it cost about
-- half. Nothing but the accounts, which come last, is ever waited for.
--
-- in:  at        the instant of the change
--      task      its id; version, doc, due, need, context go with it
--      feed      [market.FeedItem]
--      poster    who must be active and pays amount into the task's escrow
--      entry     the id of the ledger entry about it; source and target are its sides
--      accounts  ascending: the poster, and whom to tell of the task
--      facts     for each of accounts the event's data as JSON, or ''
--      event     the event's type
-- out: as commit_change
create function pinchwork.commit_post(at timestamptz, task text, version bigint, doc jsonb, due timestamptz,
    need text, context text, feed jsonb, poster text, amount bigint, entry text, source text, target text,
    accounts text[], facts text[], event text, out refusal text[], out seqs bigint[])
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    n      bigint;
    who    text;
    fact   jsonb;
    number bigint;
    hooked boolean;
    now_suspended boolean;
    now_balance   bigint;
    now_earned    bigint;
    latest timestamptz;
    guard  text;
    about  text;
    agent  text;
begin
    insert into pinchwork.task as t (id, seq, version, poster, doc)
    values (commit_post.task, nextval('pinchwork.task_seq'), commit_post.version, commit_post.poster, commit_post.doc)
    on conflict do nothing returning t.seq into n;
    if n is null then
        perform pinchwork.refuse('duplicate', commit_post.task, '');
    end if;
    insert into pinchwork.task_text (seq, task, need, context)
    values (n, commit_post.task, commit_post.need, commit_post.context);
    insert into pinchwork.party (agent, role, status, seq, task, due)
    values (commit_post.poster, 1, 1, n, commit_post.task, commit_post.due);
    insert into pinchwork.total_change (posted, claimed, delivered, approved, expired, cancelled, escrowed, agents)
    values (1, 0, 0, 0, 0, 0, amount, 0);
    if feed is not null then
        insert into pinchwork.feed (xid, at, items) values (pg_current_xact_id(), commit_post.at, commit_post.feed);
    end if;
    for i in 1 .. cardinality(accounts) loop
        who := accounts[i];
        if who = poster then
            loop
                update pinchwork.account x set
                    changes = x.changes + 1, epoch = (x.changes + 1) >> 4,
                    balance = x.balance - amount, escrowed = x.escrowed + amount,
                    posted = x.posted + 1, p_posted = x.p_posted + 1,
                    ledger_seq = x.ledger_seq + 1, ledger_at = greatest(x.ledger_at, commit_post.at),
                    ledger_lag = case when x.ledger_at = '-infinity' then x.ledger_lag
                                      else greatest(x.ledger_lag, x.ledger_at - commit_post.at) end
                where x.id = who
                  and x.epoch = (select max(newest.epoch) from pinchwork.account newest where newest.id = who)
                returning x.suspended, x.balance, x.earned, x.ledger_seq, x.ledger_at
                into now_suspended, now_balance, now_earned, number, latest;
                -- Not found: no such agent, or its epoch moved on while we waited for its row.
                exit when found or not exists (select from pinchwork.account x where x.id = who);
            end loop;
            if now_suspended is not false then
                perform pinchwork.refuse('suspended', '', who);
            elsif now_balance < 0 then
                perform pinchwork.refuse('balance', commit_post.task, who);
            end if;
            insert into pinchwork.entry (id, source, target, amount, kind, agent, seq, task, at, balance, earned, latest)
            values (commit_post.entry, commit_post.source, commit_post.target, commit_post.amount, 'escrow', who, number,
                    commit_post.task, commit_post.at, now_balance, now_earned, latest)
            on conflict do nothing;
            if not found then
                perform pinchwork.refuse('transfer', commit_post.task, who);
            end if;
        else
            loop
                update pinchwork.account x set
                    changes = x.changes + 1, epoch = (x.changes + 1) >> 4, event_seq = x.event_seq + 1
                where x.id = who
                  and x.epoch = (select max(newest.epoch) from pinchwork.account newest where newest.id = who)
                returning x.event_seq, x.hooked into number, hooked;
                exit when found or not exists (select from pinchwork.account x where x.id = who);
            end loop;
            continue when number is null;
            fact := nullif(facts[i], '');
            insert into pinchwork.event (agent, seq, type, task, data, at)
            values (who, number, commit_post.event, commit_post.task, fact, commit_post.at);
            if hooked then
                insert into pinchwork.webhook (agent, seq, type, task, data, at, due)
                values (who, number, commit_post.event, commit_post.task, fact, commit_post.at, commit_post.at);
            end if;
        end if;
    end loop;
    seqs := array[n];
exception when sqlstate 'PW001' then
    get stacked diagnostics guard = message_text, about = pg_exception_detail, agent = pg_exception_hint;
    refusal := array[guard, about, agent];
end $$;
