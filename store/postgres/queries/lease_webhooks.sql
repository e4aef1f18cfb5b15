-- in:  $1 now, $2 until, $3 how many
-- out: agent, seq, type, task, data, at, attempts, lease, url, secret (see routines), the secret before it while it counts
select l.agent, l.seq, l.type, l.task, l.data, l.at, l.attempts, l.lease, l.url, l.secret,
       case when (p.profile->>'old_secret_until')::timestamptz > $1::timestamptz then coalesce(p.profile->>'old_webhook_secret', '') else '' end
from pinchwork.lease_webhooks($1::timestamptz, $2::timestamptz, $3::int) with ordinality as
    l (agent, seq, type, task, data, at, attempts, lease, url, secret, n)
join pinchwork.agent p on p.id = l.agent
order by l.n
