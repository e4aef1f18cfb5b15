-- in:  $1 agent, $2 seq, $3 lease, $4 delivered, $5 retry at or null, $6 error, $7 at
-- out: whether the lease was the newest
select pinchwork.finish_webhook($1::text, $2::bigint, $3::bigint, $4::boolean, $5::timestamptz, $6::text, $7::timestamptz)
