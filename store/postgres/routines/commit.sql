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
--      hooked  whether some get a webhook now
--      totals  what is added to each of the marketplace's totals, in the order of total_change
--      wants   tasks whose need and context are wanted
--      the rest are rows (types.sql), null for none
-- out: refusal null, or {guard, task, agent} of a guard that failed, and the number of its change
--      seqs    the numbers given to inserted tasks, in their order
--      needs, contexts   of the wanted tasks, in their order
create function pinchwork.commit(
    token text, due timestamptz, locks text[], records pinchwork.put_record[], refs pinchwork.put_ref[],
    posted pinchwork.put_task[], moved pinchwork.put_task[], ends pinchwork.put_end[], come pinchwork.put_party[],
    move pinchwork.put_party[], go pinchwork.put_party[], counts pinchwork.put_count[], agents pinchwork.put_agent[],
    roles pinchwork.put_role[], results pinchwork.put_result[], questions pinchwork.put_question[],
    answers pinchwork.put_answer[], messages pinchwork.put_message[], reports pinchwork.put_report[],
    drops pinchwork.put_drop[], trust pinchwork.put_trust[], accounts pinchwork.put_account[], more pinchwork.put_more[],
    entries pinchwork.put_entry[], pays pinchwork.put_pay[], tags pinchwork.put_tag[], hooked boolean, totals bigint[],
    feed_at timestamptz, feed_count int, feed_items text, wants text[],
    out refusal text[], out refused int, out seqs bigint[], out needs text[], out contexts text[])
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan as $$
declare
    ok      boolean;
    guard   text;
    task    text;
    agent   text;
    number  text;
    wanted  text;
    need    text;
    context text;
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
                seqs := pinchwork.post_tasks(posted);
            end if;
            if moved is not null then
                ok := pinchwork.move_tasks(moved);
            end if;
            if come is not null or move is not null or go is not null then
                ok := pinchwork.list_tasks(come, move, go);
            end if;
            if ends is not null then
                insert into pinchwork.ended (at, task) select e.at, e.task from unnest(ends) e;
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
            if accounts is not null then
                hooked := pinchwork.write_accounts(accounts) or hooked;
            end if;
            if more is not null then
                ok := pinchwork.write_more(more);
            end if;
            if entries is not null then
                ok := pinchwork.write_entries(entries);
            end if;
            if hooked then
                ok := pinchwork.write_webhooks(accounts, due);
            end if;
            if pays is not null then
                ok := pinchwork.write_pays(pays);
            end if;
            if tags is not null then
                ok := pinchwork.write_tags(tags);
            end if;
            if totals is not null then
                insert into pinchwork.total_change
                values (totals[1], totals[2], totals[3], totals[4], totals[5], totals[6], totals[7], totals[8],
                        totals[9], totals[10], totals[11], totals[12], totals[13],
                        coalesce(totals[14], 0), coalesce(totals[15], 0), coalesce(totals[16], 0),
                        coalesce(totals[17], 0), coalesce(totals[18], 0), coalesce(totals[19], 0)); -- a replica of before the sealed ones sends none
            end if;
            if feed_items is not null then
                insert into pinchwork.feed (xid, at, n, items) values (pg_current_xact_id(), feed_at, feed_count, feed_items);
            end if;
            if wants is not null then
                foreach wanted in array wants loop
                    select x.need, x.context into need, context
                    from pinchwork.task t join pinchwork.task_text x on x.seq = t.seq where t.id = wanted;
                    needs := array_append(needs, need);
                    contexts := array_append(contexts, context);
                end loop;
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
