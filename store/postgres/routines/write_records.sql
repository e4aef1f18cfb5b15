-- write_records(records): idempotency records, which must be new, or the stored one
-- must have expired.
create function pinchwork.write_records(records pinchwork.put_record[]) returns boolean
language plpgsql as $$
declare
    written int;
begin
    insert into pinchwork.idempotency as x (caller, operation, key, request, outcome, expires_at)
    select r.caller, r.operation, r.key, r.request, r.outcome, r.expires_at from unnest(records) r
    on conflict on constraint idempotency_pkey do update
        set request = excluded.request, outcome = excluded.outcome, expires_at = excluded.expires_at
        where x.expires_at <= (select r.at from unnest(records) r
                               where r.caller = x.caller and r.operation = x.operation and r.key = x.key);
    get diagnostics written = row_count;
    if written < cardinality(records) then
        perform pinchwork.refuse('idempotency', r.change, '', r.caller)
        from unnest(records) r join pinchwork.idempotency x using (caller, operation, key)
        where (x.request, x.outcome, x.expires_at) is distinct from (r.request, r.outcome, r.expires_at) limit 1;
        perform pinchwork.refuse('idempotency', r.change, '', r.caller) from unnest(records) r limit 1;
    end if;
    return true;
end $$;
