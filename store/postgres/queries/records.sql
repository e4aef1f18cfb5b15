-- in:  $1 callers, $2 operations, $3 keys, $4 now
-- out: the number of each of these records that is there and has not expired, and the
--      record
select k.n::int, i.request, i.outcome, i.expires_at
from unnest($1::text[], $2::text[], $3::text[]) with ordinality k(caller, operation, key, n)
join pinchwork.idempotency i on i.caller = k.caller and i.operation = k.operation and i.key = k.key
where i.expires_at > $4::timestamptz
order by k.n
