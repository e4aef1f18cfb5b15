-- write_accounts(accounts): moves balances and counters, and numbers events. It takes
-- the accounts in the order given, which is ascending, so that commits never wait for
-- each other in a circle. Guards are asked of what an account is afterwards; one that
-- fails undoes the whole commit.
--
-- out: whether any of them had a webhook
create function pinchwork.write_accounts(accounts pinchwork.put_account[]) returns boolean
language plpgsql as $$
declare
    ids    text[];
    wrong  boolean;
    hooked boolean;
begin
    with moved as (
        update pinchwork.account x set
            changes = x.changes + 1, epoch = (x.changes + 1) >> 4,
            balance = x.balance + d.balance, escrowed = x.escrowed + d.escrowed, posted = x.posted + d.posted,
            open_claims = x.open_claims + d.open_claims, text_bytes = x.text_bytes + d.text_bytes,
            event_seq = x.event_seq + d.event_count, ledger_seq = x.ledger_seq + d.entry_count,
            ledger_at = greatest(x.ledger_at, d.last_at),
            ledger_lag = greatest(x.ledger_lag, greatest(x.ledger_at, d.last_at) - d.first_at),
            p_posted = x.p_posted + d.p_posted, p_claimed = x.p_claimed + d.p_claimed, p_delivered = x.p_delivered + d.p_delivered,
            p_approved = x.p_approved + d.p_approved, p_expired = x.p_expired + d.p_expired, p_cancelled = x.p_cancelled + d.p_cancelled,
            w_posted = x.w_posted + d.w_posted, w_claimed = x.w_claimed + d.w_claimed, w_delivered = x.w_delivered + d.w_delivered,
            w_approved = x.w_approved + d.w_approved, w_expired = x.w_expired + d.w_expired, w_cancelled = x.w_cancelled + d.w_cancelled
        -- Without "offset" the planner may look an account up before its newest epoch,
        -- and read all of them.
        from (select u.*, (select n.epoch from pinchwork.account n where n.id = u.id order by n.epoch desc limit 1) as newest
              from unnest(accounts) u offset 0) d
        where x.id = d.id and x.epoch = d.newest
        returning x.id, x.hooked, x.event_seq, d.events,
            (d.active and x.suspended) or x.balance < d.balance_least or x.open_claims > d.claims_most
            or x.text_bytes > d.bytes_most as refused
    ), told as (
        insert into pinchwork.event (agent, seq, type, task, data, at)
        select m.id, m.event_seq - e.seq_back, e.type, e.task, e.data, e.at from moved m cross join unnest(m.events) e
    )
    select array_agg(m.id), bool_or(m.refused), bool_or(m.hooked) into ids, wrong, hooked from moved m;
    if wrong or cardinality(ids) is distinct from cardinality(accounts) then
        perform pinchwork.blame_accounts(accounts, coalesce(ids, '{}'));
    end if;
    return hooked;
end $$;

-- write_webhooks(accounts, due): what is to be delivered to webhooks. Few have one, and
-- a plan without it is set up sooner.
--
-- in:  due when deliveries are
create function pinchwork.write_webhooks(accounts pinchwork.put_account[], due timestamptz) returns boolean
language plpgsql as $$
begin
    insert into pinchwork.webhook (agent, seq, type, task, data, at, due)
    select d.id, a.event_seq - e.seq_back, e.type, e.task, e.data, e.at, write_webhooks.due
    from unnest(accounts) d
    cross join lateral (select n.event_seq, n.hooked from pinchwork.account n where n.id = d.id order by n.epoch desc limit 1) a
    cross join unnest(d.events) e
    where a.hooked order by d.id, a.event_seq - e.seq_back;
    return true;
end $$;

-- write_more(accounts): what few commits change in accounts: an update is dearer by
-- each column that it sets. Whoever writes it has taken the accounts.
create function pinchwork.write_more(accounts pinchwork.put_more[]) returns boolean
language plpgsql as $$
declare
    ids text[];
begin
    with written as (
        update pinchwork.account x set
            suspended = coalesce(d.suspended, x.suspended), hooked = coalesce(d.hooked, x.hooked),
            completed = x.completed + d.completed, rating_sum = x.rating_sum + d.rating_sum,
            rating_count = x.rating_count + d.rating_count, earned = x.earned + d.earned, fees = x.fees + d.fees,
            charged = x.charged + d.charged, spent = x.spent + d.spent, rejected = x.rejected + d.rejected,
            approvals = x.approvals + d.approvals, rejections = x.rejections + d.rejections,
            fees_brought = x.fees_brought + d.fees_brought,
            strikes = case when d.struck then d.strikes else x.strikes end,
            blocked_until = case when d.struck then d.blocked_until else x.blocked_until end
        from (select u.*, (select n.epoch from pinchwork.account n where n.id = u.id order by n.epoch desc limit 1) as newest
              from unnest(accounts) u offset 0) d
        where x.id = d.id and x.epoch = d.newest
          and (not d.struck or (x.strikes = d.strikes_was and x.blocked_until is not distinct from d.blocked_was))
        returning x.id
    )
    select array_agg(w.id) into ids from written w;
    if cardinality(ids) is distinct from cardinality(accounts) then
        perform pinchwork.refuse('strikes', d.change, '', d.id) from unnest(accounts) d
        where d.struck and d.id <> all(coalesce(ids, '{}')) limit 1;
    end if;
    return true;
end $$;

-- write_entries(entries): numbers the newest entries of ledgers; those of nobody have
-- no number. Whoever writes them has taken their accounts.
create function pinchwork.write_entries(entries pinchwork.put_entry[]) returns boolean
language plpgsql as $$
declare
    n int;
begin
    insert into pinchwork.entry (id, source, target, amount, kind, agent, seq, task, fee, note, about, at, balance, earned, latest)
    select e.id, e.source, e.target, e.amount, e.kind, e.agent, coalesce(a.ledger_seq - e.seq_back, 0), e.task, e.fee,
           e.note, e.about, e.at, coalesce(a.balance - e.balance_back, 0), coalesce(a.earned - e.earned_back, 0),
           coalesce(a.ledger_at, e.at)
    from unnest(entries) e
    left join lateral (select n.ledger_seq, n.balance, n.earned, n.ledger_at from pinchwork.account n
                       where n.id = e.agent order by n.epoch desc limit 1) a on true
    on conflict do nothing;
    get diagnostics n = row_count;
    if n < cardinality(entries) then
        perform pinchwork.refuse('transfer', e.change, e.task, e.agent) from unnest(entries) e
        where not exists (select from pinchwork.entry x where x.task = e.task and x.task <> '' and x.kind = e.kind and x.id = e.id)
        limit 1;
        perform pinchwork.refuse('transfer', e.change, e.task, e.agent) from unnest(entries) e limit 1;
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
declare
    n int;
begin
    update pinchwork.tag_stat x set
        changes = x.changes + 1, epoch = (x.changes + 1) >> 4, count = x.count + t.count, earned = x.earned + t.earned,
        rating_sum = x.rating_sum + t.rating_sum, rating_count = x.rating_count + t.rating_count
    from (select u.*, (select n.epoch from pinchwork.tag_stat n where n.agent = u.agent and n.tag = u.tag
                       order by n.epoch desc limit 1) as newest
          from unnest(tags) u offset 0) t
    where x.agent = t.agent and x.tag = t.tag and x.epoch = t.newest;
    get diagnostics n = row_count;
    if n < cardinality(tags) then
        insert into pinchwork.tag_stat (agent, tag, count, earned, rating_sum, rating_count)
        select t.agent, t.tag, t.count, t.earned, t.rating_sum, t.rating_count from unnest(tags) t
        where not exists (select from pinchwork.tag_stat x where x.agent = t.agent and x.tag = t.tag);
    end if;
    return true;
end $$;
