-- write_accounts(accounts, due): as in migration 0011, with approvals, rejections,
-- fees_brought, text_bytes, max_text_bytes (null when there is no bound), an entry's about, and
-- system_pay {was, pay}, either absent for none.
create function pinchwork.write_accounts(accounts jsonb, due timestamptz) returns void
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    d record;
    a pinchwork.account;
    told int;
begin
    for d in select * from jsonb_to_recordset(accounts) as w(
        id text, active boolean, required boolean, suspended boolean, hooked boolean,
        amount bigint, escrowed bigint, open_claims bigint, max_open_claims bigint, posted bigint, completed bigint,
        rating_sum bigint, rating_count bigint, earned bigint, fees bigint, charged bigint, spent bigint,
        rejected bigint, approvals bigint, rejections bigint, fees_brought bigint, text_bytes bigint, max_text_bytes bigint,
        tally int[], strikes jsonb, system_pay jsonb, entry jsonb, events jsonb)
    loop
        told := coalesce(jsonb_array_length(d.events), 0);
        loop
            update pinchwork.account x set
                changes = x.changes + 1, epoch = (x.changes + 1) >> 4,
                suspended = coalesce(d.suspended, x.suspended), hooked = coalesce(d.hooked, x.hooked),
                balance = balance + coalesce(d.amount, 0),
                escrowed = x.escrowed + coalesce(d.escrowed, 0),
                open_claims = x.open_claims + coalesce(d.open_claims, 0),
                posted = x.posted + coalesce(d.posted, 0),
                completed = x.completed + coalesce(d.completed, 0),
                rating_sum = x.rating_sum + coalesce(d.rating_sum, 0),
                rating_count = x.rating_count + coalesce(d.rating_count, 0),
                earned = x.earned + coalesce(d.earned, 0),
                fees = x.fees + coalesce(d.fees, 0),
                charged = x.charged + coalesce(d.charged, 0),
                spent = x.spent + coalesce(d.spent, 0),
                rejected = x.rejected + coalesce(d.rejected, 0),
                approvals = x.approvals + coalesce(d.approvals, 0),
                rejections = x.rejections + coalesce(d.rejections, 0),
                fees_brought = x.fees_brought + coalesce(d.fees_brought, 0),
                text_bytes = x.text_bytes + coalesce(d.text_bytes, 0),
                event_seq = event_seq + told,
                ledger_seq = case when d.entry is null then ledger_seq else ledger_seq + 1 end,
                ledger_at = case when d.entry is null then ledger_at
                                 else greatest(ledger_at, (d.entry->>'at')::timestamptz) end,
                ledger_lag = case when d.entry is null or ledger_at = '-infinity' then ledger_lag
                                  else greatest(ledger_lag, ledger_at - (d.entry->>'at')::timestamptz) end,
                p_posted = p_posted + coalesce(d.tally[1], 0), p_claimed = p_claimed + coalesce(d.tally[2], 0),
                p_delivered = p_delivered + coalesce(d.tally[3], 0), p_approved = p_approved + coalesce(d.tally[4], 0),
                p_expired = p_expired + coalesce(d.tally[5], 0), p_cancelled = p_cancelled + coalesce(d.tally[6], 0),
                w_posted = w_posted + coalesce(d.tally[7], 0), w_claimed = w_claimed + coalesce(d.tally[8], 0),
                w_delivered = w_delivered + coalesce(d.tally[9], 0), w_approved = w_approved + coalesce(d.tally[10], 0),
                w_expired = w_expired + coalesce(d.tally[11], 0), w_cancelled = w_cancelled + coalesce(d.tally[12], 0)
            where x.id = d.id
              and x.epoch = (select max(newest.epoch) from pinchwork.account newest where newest.id = d.id)
            returning * into a;
            -- Not found: no such agent, or its epoch moved on while we waited for its row.
            exit when found or not exists (select from pinchwork.account x where x.id = d.id);
        end loop;
        if a.id is distinct from d.id then
            if d.active then
                perform pinchwork.refuse('suspended', '', d.id);
            elsif d.strikes is not null then
                perform pinchwork.refuse('strikes', '', d.id);
            elsif d.system_pay is not null then
                perform pinchwork.refuse('system pay', '', d.id);
            elsif d.entry is not null then
                perform pinchwork.refuse('balance', d.entry->>'task', d.id);
            elsif d.required then
                perform pinchwork.refuse('agent version', '', d.id);
            end if;
            continue;
        end if;
        if d.active and a.suspended then
            perform pinchwork.refuse('suspended', '', d.id);
        elsif a.balance < 0 and d.amount < 0 then
            perform pinchwork.refuse('balance', d.entry->>'task', d.id);
        elsif d.open_claims > 0 and a.open_claims > d.max_open_claims then
            perform pinchwork.refuse('open claims', '', d.id);
        elsif d.text_bytes > 0 and a.text_bytes > d.max_text_bytes then
            perform pinchwork.refuse('bytes of texts', '', d.id);
        end if;
        if d.strikes is not null then
            update pinchwork.account x set strikes = (d.strikes->>'count')::int,
                                           blocked_until = (d.strikes->>'until')::timestamptz
            where x.id = d.id and x.epoch = a.epoch and x.strikes = (d.strikes->>'was')::int
              and x.blocked_until is not distinct from (d.strikes->>'was_until')::timestamptz;
            if not found then
                perform pinchwork.refuse('strikes', '', d.id);
            end if;
        end if;
        if d.system_pay is not null then
            -- Whoever writes the pay of an agent holds its account.
            if (select s.pay from pinchwork.system_pay s where s.agent = d.id) is distinct from d.system_pay->'was' then
                perform pinchwork.refuse('system pay', '', d.id);
            elsif d.system_pay ? 'pay' then
                insert into pinchwork.system_pay (agent, pay) values (d.id, d.system_pay->'pay')
                on conflict on constraint system_pay_pkey do update set pay = excluded.pay;
            else
                delete from pinchwork.system_pay s where s.agent = d.id;
            end if;
        end if;
        if d.entry is not null then
            insert into pinchwork.entry (id, source, target, amount, kind, agent, seq, task, fee, note, about, at, balance, earned, latest)
            select w.id, w.source, w.target, w.amount, w.kind, d.id, a.ledger_seq, coalesce(w.task, ''),
                   coalesce(w.fee, 0), coalesce(w.note, ''), coalesce(w.about, ''), w.at, a.balance, a.earned, a.ledger_at
            from jsonb_to_record(d.entry) as w(
                id text, source text, target text, amount bigint, kind text, task text, fee bigint, note text, about text, at timestamptz)
            on conflict do nothing;
            if not found then
                perform pinchwork.refuse('transfer', d.entry->>'task', d.id);
            end if;
        end if;
        if told > 0 then
            insert into pinchwork.event (agent, seq, type, task, data, at)
            select d.id, a.event_seq - told + w.n, w.type, coalesce(w.task, ''), w.data, w.at
            from rows from (jsonb_to_recordset(d.events) as (type text, task text, data jsonb, at timestamptz))
                 with ordinality as w(type, task, data, at, n);
            if a.hooked then
                insert into pinchwork.webhook (agent, seq, type, task, data, at, due)
                select x.agent, x.seq, x.type, x.task, x.data, x.at, write_accounts.due from pinchwork.event x
                where x.agent = d.id and x.seq > a.event_seq - told order by x.seq;
            end if;
        end if;
    end loop;
end $$;
