-- write_accounts(accounts, entries, events, due): moves balances and counters, numbers
-- ledger entries and events. It comes last in a commit and takes the accounts in the
-- order given, which is ascending, so that commits never wait for each other in a
-- circle. Guards are asked of what an account is afterwards; one that fails undoes
-- the whole commit.
--
-- in:  due when deliveries to webhooks are
create function pinchwork.write_accounts(accounts pinchwork.put_account[], entries pinchwork.put_entry[],
    events pinchwork.put_event[], due timestamptz) returns boolean
language plpgsql as $$
declare
    ids     text[];
    wrong   boolean;
    sent    boolean;
    written int;
begin
    with moved as (
        update pinchwork.account x set
            changes = x.changes + 1, epoch = (x.changes + 1) >> 4,
            suspended = coalesce(d.suspended, x.suspended), hooked = coalesce(d.hooked, x.hooked),
            balance = x.balance + d.balance, open_claims = x.open_claims + d.open_claims, text_bytes = x.text_bytes + d.text_bytes,
            escrowed = x.escrowed + d.escrowed, posted = x.posted + d.posted, completed = x.completed + d.completed,
            rating_sum = x.rating_sum + d.rating_sum, rating_count = x.rating_count + d.rating_count,
            earned = x.earned + d.earned, fees = x.fees + d.fees, charged = x.charged + d.charged, spent = x.spent + d.spent,
            rejected = x.rejected + d.rejected, approvals = x.approvals + d.approvals,
            rejections = x.rejections + d.rejections, fees_brought = x.fees_brought + d.fees_brought,
            event_seq = x.event_seq + d.events, ledger_seq = x.ledger_seq + d.entries,
            ledger_at = greatest(x.ledger_at, d.last_at),
            ledger_lag = greatest(x.ledger_lag, greatest(x.ledger_at, d.last_at) - d.first_at),
            strikes = case when d.struck then d.strikes else x.strikes end,
            blocked_until = case when d.struck then d.blocked_until else x.blocked_until end,
            p_posted = x.p_posted + coalesce(d.tally[1], 0), p_claimed = x.p_claimed + coalesce(d.tally[2], 0),
            p_delivered = x.p_delivered + coalesce(d.tally[3], 0), p_approved = x.p_approved + coalesce(d.tally[4], 0),
            p_expired = x.p_expired + coalesce(d.tally[5], 0), p_cancelled = x.p_cancelled + coalesce(d.tally[6], 0),
            w_posted = x.w_posted + coalesce(d.tally[7], 0), w_claimed = x.w_claimed + coalesce(d.tally[8], 0),
            w_delivered = x.w_delivered + coalesce(d.tally[9], 0), w_approved = x.w_approved + coalesce(d.tally[10], 0),
            w_expired = x.w_expired + coalesce(d.tally[11], 0), w_cancelled = x.w_cancelled + coalesce(d.tally[12], 0)
        from unnest(accounts) d
        cross join lateral (select a.epoch from pinchwork.account a where a.id = d.id order by a.epoch desc limit 1) newest
        where x.id = d.id and x.epoch = newest.epoch
          and (not d.struck or (x.strikes = d.strikes_was and x.blocked_until is not distinct from d.blocked_was))
        returning x.id, x.balance, x.earned, x.event_seq, x.ledger_seq, x.ledger_at, x.hooked,
            (d.active and x.suspended) or x.balance < d.balance_least or x.open_claims > d.claims_most
            or x.text_bytes > d.bytes_most as refused
    ), entered as (
        insert into pinchwork.entry (id, source, target, amount, kind, agent, seq, task, fee, note, about, at, balance, earned, latest)
        select e.id, e.source, e.target, e.amount, e.kind, e.agent, coalesce(m.ledger_seq - e.seq_back, 0), e.task, e.fee,
               e.note, e.about, e.at, coalesce(m.balance - e.balance_back, 0), coalesce(m.earned - e.earned_back, 0),
               coalesce(m.ledger_at, e.at)
        from unnest(entries) e left join moved m on m.id = e.agent
        on conflict do nothing returning 1
    ), told as (
        insert into pinchwork.event (agent, seq, type, task, data, at)
        select m.id, m.event_seq - e.seq_back, e.type, e.task, e.data, e.at
        from unnest(events) e join moved m on m.id = e.agent
    )
    select array_agg(m.id), bool_or(m.refused), bool_or(m.hooked), (select count(*) from entered)
    into ids, wrong, sent, written from moved m;
    if wrong or cardinality(ids) is distinct from cardinality(accounts) then
        perform pinchwork.blame_accounts(accounts, coalesce(ids, '{}'));
    end if;
    if written < cardinality(entries) then
        perform pinchwork.refuse('transfer', e.change, e.task, e.agent) from unnest(entries) e
        where not exists (select from pinchwork.entry x where x.task = e.task and x.task <> '' and x.kind = e.kind and x.id = e.id)
        limit 1;
        perform pinchwork.refuse('transfer', e.change, e.task, e.agent) from unnest(entries) e limit 1;
    end if;
    -- Few have a webhook: a plan without it begins sooner.
    if sent then
        insert into pinchwork.webhook (agent, seq, type, task, data, at, due)
        select x.agent, x.seq, x.type, x.task, x.data, x.at, write_accounts.due
        from unnest(accounts) d
        cross join lateral (select a.event_seq, a.hooked from pinchwork.account a where a.id = d.id order by a.epoch desc limit 1) a
        join pinchwork.event x on x.agent = d.id and x.seq > a.event_seq - d.events
        where a.hooked order by x.agent, x.seq;
    end if;
    return true;
end $$;

-- blame_accounts(accounts, moved): finds out, after those that could be were moved,
-- which account kept a commit from being made, and why. PW002 when nothing is wrong
-- but that an account's epoch moved on while we waited for its row: then the commit
-- has to be made again.
create function pinchwork.blame_accounts(accounts pinchwork.put_account[], moved text[]) returns void
language plpgsql as $$
declare
    d pinchwork.put_account;
    a pinchwork.account;
begin
    foreach d in array accounts loop
        select * into a from pinchwork.account x where x.id = d.id order by x.epoch desc limit 1;
        if not found then
            continue when not (d.active or d.struck or d.sys_paid or d.paid or d.required);
            perform pinchwork.refuse(case when d.active then 'suspended' when d.struck then 'strikes'
                when d.sys_paid then 'system pay' when d.paid then 'balance' else 'agent' end, d.change, '', d.id);
        elsif d.active and a.suspended then
            perform pinchwork.refuse('suspended', d.change, '', d.id);
        elsif d.id <> all(moved) then
            if d.struck and (a.strikes <> d.strikes_was or a.blocked_until is distinct from d.blocked_was) then
                perform pinchwork.refuse('strikes', d.change, '', d.id);
            end if;
            raise exception using errcode = 'PW002';
        elsif a.balance < d.balance_least then
            perform pinchwork.refuse('balance', d.change, '', d.id);
        elsif a.open_claims > d.claims_most then
            perform pinchwork.refuse('claims', d.change, '', d.id);
        elsif a.text_bytes > d.bytes_most then
            perform pinchwork.refuse('text bytes', d.change, '', d.id);
        end if;
    end loop;
end $$;

-- write_pays(pays): what the platform pays for system tasks about an agent, guarded by
-- what it was. Whoever writes it holds the agent's account.
create function pinchwork.write_pays(pays pinchwork.put_pay[]) returns boolean
language plpgsql as $$
declare
    p pinchwork.put_pay;
begin
    foreach p in array pays loop
        if (select s.pay from pinchwork.system_pay s where s.agent = p.agent) is distinct from p.was then
            perform pinchwork.refuse('system pay', p.change, '', p.agent);
        elsif p.pay is null then
            delete from pinchwork.system_pay s where s.agent = p.agent;
        else
            insert into pinchwork.system_pay (agent, pay) values (p.agent, p.pay)
            on conflict on constraint system_pay_pkey do update set pay = excluded.pay;
        end if;
    end loop;
    return true;
end $$;

-- write_tags(tags): moves an agent's statistics for tags. Whoever writes them holds the
-- agent's account. Their epochs are as an account's.
create function pinchwork.write_tags(tags pinchwork.put_tag[]) returns boolean
language plpgsql as $$
begin
    with moved as (
        update pinchwork.tag_stat x set
            changes = x.changes + 1, epoch = (x.changes + 1) >> 4, count = x.count + t.count, earned = x.earned + t.earned,
            rating_sum = x.rating_sum + t.rating_sum, rating_count = x.rating_count + t.rating_count
        from unnest(tags) t
        cross join lateral (select o.epoch from pinchwork.tag_stat o where o.agent = t.agent and o.tag = t.tag
                            order by o.epoch desc limit 1) newest
        where x.agent = t.agent and x.tag = t.tag and x.epoch = newest.epoch
        returning x.agent, x.tag
    )
    insert into pinchwork.tag_stat (agent, tag, count, earned, rating_sum, rating_count)
    select t.agent, t.tag, t.count, t.earned, t.rating_sum, t.rating_count from unnest(tags) t
    where not exists (select from moved m where m.agent = t.agent and m.tag = t.tag);
    return true;
end $$;
