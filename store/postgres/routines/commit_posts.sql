-- commit_posts(…): as in migration 0018, with what the texts of each posting take,
-- and what the poster's may take in all, 0 for no bound. The former one stays for
-- processes of the version before.
create function pinchwork.commit_posts(at timestamptz[], task text[], version bigint[], doc text[], due timestamptz[],
    need text[], context text[], feed text[], poster text[], amount bigint[],
    bytes bigint[], max_bytes bigint[], entry text[], source text[], target text[], event text[], accounts text[], pays int[], firsts int[], counts int[], told int[], facts text[],
    out refusal text[], out seqs bigint[])
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    n      bigint;
    p      int;
    paid   bigint;
    now    timestamptz;
    who    text;
    news   int;
    number bigint;
    hooked boolean;
    now_suspended boolean;
    now_balance   bigint;
    now_earned    bigint;
    now_bytes     bigint;
    latest timestamptz;
    guard  text;
    about  text;
    agent  text;
begin
    for i in 1 .. cardinality(task) loop
        insert into pinchwork.task as t (id, seq, version, poster, doc)
        values (commit_posts.task[i], nextval('pinchwork.task_seq'), commit_posts.version[i], commit_posts.poster[i],
                commit_posts.doc[i]::jsonb)
        on conflict do nothing returning t.seq into n;
        if n is null then
            perform pinchwork.refuse('duplicate', commit_posts.task[i], '');
        end if;
        seqs := seqs || n;
        insert into pinchwork.task_text (seq, task, need, context)
        values (n, commit_posts.task[i], commit_posts.need[i], commit_posts.context[i]);
        insert into pinchwork.party (agent, role, status, seq, task, due)
        values (commit_posts.poster[i], 1, 1, n, commit_posts.task[i], commit_posts.due[i]);
        insert into pinchwork.total_change (posted, claimed, delivered, approved, expired, cancelled, escrowed, agents)
        values (1, 0, 0, 0, 0, 0, amount[i], 0);
        if feed[i] <> '' then
            insert into pinchwork.feed (xid, at, items)
            values (pg_current_xact_id(), commit_posts.at[i], commit_posts.feed[i]::jsonb);
        end if;
    end loop;
    for i in 1 .. cardinality(accounts) loop
        who := accounts[i];
        p := pays[i];
        if p > 0 then
            paid := amount[p];
            now := commit_posts.at[p];
            loop
                update pinchwork.account x set
                    changes = x.changes + 1, epoch = (x.changes + 1) >> 4,
                    balance = x.balance - paid, escrowed = x.escrowed + paid,
                    posted = x.posted + 1, p_posted = x.p_posted + 1, text_bytes = x.text_bytes + commit_posts.bytes[p],
                    ledger_seq = x.ledger_seq + 1, ledger_at = greatest(x.ledger_at, now),
                    ledger_lag = case when x.ledger_at = '-infinity' then x.ledger_lag
                                      else greatest(x.ledger_lag, x.ledger_at - now) end
                where x.id = who
                  and x.epoch = (select max(newest.epoch) from pinchwork.account newest where newest.id = who)
                returning x.suspended, x.balance, x.earned, x.ledger_seq, x.ledger_at, x.text_bytes
                into now_suspended, now_balance, now_earned, number, latest, now_bytes;
                -- Not found: no such agent, or its epoch moved on while we waited for its row.
                exit when found or not exists (select from pinchwork.account x where x.id = who);
            end loop;
            if now_suspended is not false then
                perform pinchwork.refuse('suspended', '', who);
            elsif now_balance < 0 then
                perform pinchwork.refuse('balance', commit_posts.task[p], who);
            elsif commit_posts.bytes[p] > 0 and max_bytes[p] > 0 and now_bytes > max_bytes[p] then
                perform pinchwork.refuse('bytes of texts', '', who);
            end if;
            insert into pinchwork.entry (id, source, target, amount, kind, agent, seq, task, at, balance, earned, latest)
            values (commit_posts.entry[p], commit_posts.source[p], commit_posts.target[p], paid, 'escrow', who, number,
                    commit_posts.task[p], now, now_balance, now_earned, latest)
            on conflict do nothing;
            if not found then
                perform pinchwork.refuse('transfer', commit_posts.task[p], who);
            end if;
        else
            news := counts[i];
            loop
                update pinchwork.account x set
                    changes = x.changes + 1, epoch = (x.changes + 1) >> 4, event_seq = x.event_seq + news
                where x.id = who
                  and x.epoch = (select max(newest.epoch) from pinchwork.account newest where newest.id = who)
                returning x.event_seq - news, x.hooked into number, hooked;
                exit when found or not exists (select from pinchwork.account x where x.id = who);
            end loop;
            continue when number is null;
            for k in 1 .. news loop
                n := firsts[i] + k - 1;
                p := told[n];
                insert into pinchwork.event (agent, seq, type, task, data, at)
                values (who, number + k, commit_posts.event[p], commit_posts.task[p], nullif(facts[n], '')::jsonb, commit_posts.at[p]);
                if hooked then
                    insert into pinchwork.webhook (agent, seq, type, task, data, at, due)
                    values (who, number + k, commit_posts.event[p], commit_posts.task[p], nullif(facts[n], '')::jsonb,
                            commit_posts.at[p], commit_posts.at[p]);
                end if;
            end loop;
        end if;
    end loop;
exception when sqlstate 'PW001' then
    get stacked diagnostics guard = message_text, about = pg_exception_detail, agent = pg_exception_hint;
    refusal := array[guard, about, agent];
    seqs := null;
end $$;
