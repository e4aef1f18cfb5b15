-- in:  $1 caller, $2 operation, $3 key, $4 now
-- out: the record, unless it has expired
select i.request, i.outcome, i.expires_at from pinchwork.idempotency i
where i.caller = $1::text and i.operation = $2::text and i.key = $3::text and i.expires_at > $4::timestamptz
