-- in:  $1 an agent, $2 seq, $3 now
-- out: a row when there was such a dead letter
update pinchwork.webhook w set due = $3::timestamptz, dead_at = null, attempts = 0, error = '', lease = 0,
    n = nextval('pinchwork.webhook_n')
where w.agent = $1::text and w.seq = $2::bigint and w.dead_at is not null
returning true
