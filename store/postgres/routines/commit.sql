-- commit(…): writes all that some changes do, or nothing. There is no other way to
-- write what a change can hold.
--
-- Rows are locked in this order in every commit: records, tasks ascending, profiles,
-- trust, and last the accounts, ascending, which are the hottest; their tags and
-- system pay stand under the account's lock.
--
-- in:  token   null, or one that no other commit of this transaction has but its
--              alternatives: the first of them that is written is the last
--      locks   tasks to lock first, ascending, when the changes touch several in more than one way
--      due     when deliveries to webhooks are
--      feed_at, feed_count, feed_items   what the feed is told: market feed items in JSON, and how many
--      wants   tasks whose need and context are wanted
--      the rest are rows (types.sql), null for none
-- out: refusal null, or {guard, task, agent} of a guard that failed, and the number of its change
--      seqs    the numbers given to inserted tasks, in their order
--      needs, contexts   of the wanted tasks, in their order
create function pinchwork.commit(
    token text, due timestamptz, locks text[], records pinchwork.put_record[], refs pinchwork.put_ref[],
    posted pinchwork.put_task[], moved pinchwork.put_task[], parties pinchwork.put_party[], ends pinchwork.put_end[],
    counts pinchwork.put_count[], agents pinchwork.put_agent[], roles pinchwork.put_role[], results pinchwork.put_result[],
    questions pinchwork.put_question[], answers pinchwork.put_answer[], messages pinchwork.put_message[],
    reports pinchwork.put_report[], drops pinchwork.put_drop[], trust pinchwork.put_trust[],
    accounts pinchwork.put_account[], entries pinchwork.put_entry[], events pinchwork.put_event[],
    pays pinchwork.put_pay[], tags pinchwork.put_tag[], totals pinchwork.put_totals[],
    feed_at timestamptz, feed_count int, feed_items text, wants text[],
    out refusal text[], out refused int, out seqs bigint[], out needs text[], out contexts text[])
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    ok    boolean;
    guard text;
    task  text;
    agent text;
    number text;
begin
    if token = current_setting('commit.done', true) then
        return;
    end if;
    loop
        begin
            if records is not null then
                ok := pinchwork.write_records(records);
            end if;
            if locks is not null then
                perform from pinchwork.task t where t.id = any(locks) order by t.id for no key update;
            end if;
            if refs is not null then
                ok := pinchwork.keep_tasks(refs, counts is null);
            end if;
            if posted is not null then
                seqs := pinchwork.post_tasks(posted, parties, ends);
            end if;
            if moved is not null then
                ok := pinchwork.move_tasks(moved, parties, ends);
            end if;
            if counts is not null then
                ok := pinchwork.count_talk(counts);
            end if;
            if agents is not null then
                ok := pinchwork.write_agents(agents);
            end if;
            if roles is not null then
                ok := pinchwork.write_roles(roles);
            end if;
            if results is not null then
                ok := pinchwork.write_results(results);
            end if;
            if questions is not null or answers is not null or messages is not null then
                ok := pinchwork.write_talk(questions, answers, messages);
            end if;
            if reports is not null then
                ok := pinchwork.write_reports(reports);
            end if;
            if drops is not null then
                ok := pinchwork.drop_texts(drops);
            end if;
            if trust is not null then
                ok := pinchwork.write_trust(trust);
            end if;
            if accounts is not null or entries is not null then
                ok := pinchwork.write_accounts(accounts, entries, events, due);
            end if;
            if pays is not null then
                ok := pinchwork.write_pays(pays);
            end if;
            if tags is not null then
                ok := pinchwork.write_tags(tags);
            end if;
            if totals is not null then
                insert into pinchwork.total_change select * from unnest(totals);
            end if;
            if feed_items is not null then
                insert into pinchwork.feed (xid, at, n, items) values (pg_current_xact_id(), feed_at, feed_count, feed_items);
            end if;
            if wants is not null then
                select array_agg(x.need order by w.n), array_agg(x.context order by w.n) into needs, contexts
                from unnest(wants) with ordinality w (id, n)
                left join pinchwork.task t on t.id = w.id left join pinchwork.task_text x on x.seq = t.seq;
            end if;
            if token is not null then
                perform set_config('commit.done', token, true);
            end if;
            return;
        exception
            when sqlstate 'PW001' then
                get stacked diagnostics guard = message_text, task = pg_exception_detail, agent = pg_exception_hint,
                    number = column_name;
                refusal := array[guard, task, agent];
                refused := number;
                seqs := null;
                return;
            when sqlstate 'PW002' then
                seqs := null;
        end;
    end loop;
end $$;
