-- in:  $1 now, $2 until, $3 how many
-- out: agent, seq, type, task, data, at, attempts, lease, and the receiver's profile, in order
select l.agent, l.seq, l.type, l.task, l.data, l.at, l.attempts, l.lease, l.profile
from pinchwork.lease_webhooks($1::timestamptz, $2::timestamptz, $3::int) with ordinality as
    l (agent, seq, type, task, data, at, attempts, lease, profile, n)
order by l.n
