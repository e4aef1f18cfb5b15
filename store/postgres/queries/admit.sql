-- in:  $1 key digest or null, $2 bucket or null, $3 now, $4 µs per unit, $5 burst, $6 agent or null
-- out: allowed, full_at, the agent (null columns when there is none)
select d.allowed, d.full_at, a.id, a.version, a.profile, a.balance, a.escrowed, a.open_claims, a.posted, a.completed,
       a.rating_sum, a.rating_count, a.earned, a.fees, a.charged, a.spent, a.rejected, a.strikes, a.blocked_until,
       a.event_seq, a.ledger_seq, a.approvals, a.rejections, a.fees_brought, a.text_bytes, a.system_pay
from pinchwork.admit($1::bytea, $6::text, $2::text, $3::timestamptz, $4::bigint * interval '1 microsecond', $5::int) d
left join pinchwork.agent_now a on a.id = d.agent_id
