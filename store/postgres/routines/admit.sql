-- admit(key, known, bucket, now, every, burst): who has the key, and may it now.
--
-- in:  key     SHA-256 digest of an API key, or null to look up none
--      known   the id of an agent to look up instead, or null
--      bucket  what to charge, or null; the id of the agent found is appended
--      every   the time in which one unit comes back; burst how many a full bucket holds
-- out: agent_id   null when nobody has the key or the id; then nothing is charged
--      allowed    null when nothing was to be charged
--      full_at    when the bucket is full again, after the charge if it was allowed
create function pinchwork.admit(key bytea, known text, bucket text, now timestamptz, every interval, burst int,
    out agent_id text, out allowed boolean, out full_at timestamptz)
language plpgsql set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    place text := bucket;
begin
    if key is not null then
        select a.id into agent_id from pinchwork.agent a where a.key = admit.key;
        if not found then
            select a.id into agent_id from pinchwork.agent a where a.old_key = admit.key and a.old_key_until > now;
        end if;
    elsif known is not null then
        select a.id into agent_id from pinchwork.agent a where a.id = known;
    end if;
    if key is not null or known is not null then
        if agent_id is null then
            return;
        end if;
        place := bucket || ' ' || agent_id;
    end if;
    if place is null then
        return;
    end if;
    insert into pinchwork.bucket as b (name, full_at, hour)
    values (place, now + every, date_trunc('hour', now + every))
    on conflict (name) do update
        set full_at = greatest(b.full_at, now) + every, hour = date_trunc('hour', greatest(b.full_at, now) + every)
        where greatest(b.full_at, now) + every <= now + every * burst
    returning b.full_at into admit.full_at;
    allowed := found;
    if not allowed then
        select b.full_at into admit.full_at from pinchwork.bucket b where b.name = place;
    end if;
end $$;
