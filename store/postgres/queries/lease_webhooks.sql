-- in:  $1 now, $2 until, $3 how many
-- out: agent, seq, type, task, data, at, attempts, lease, url, secret (see migration 0016)
select * from pinchwork.lease_webhooks($1::timestamptz, $2::timestamptz, $3::int)
