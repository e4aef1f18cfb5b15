-- in:  $1 the id to start after, $2 how many
-- out: agents by ascending id
select a.id, a.version, a.profile, a.balance, a.escrowed, a.open_claims, a.posted, a.completed,
       a.rating_sum, a.rating_count, a.earned, a.fees, a.charged, a.spent, a.rejected, a.strikes, a.blocked_until,
       a.event_seq, a.ledger_seq, a.approvals, a.rejections, a.fees_brought, a.text_bytes, a.system_pay
from pinchwork.agent_now a where a.id > $1::text collate "C" order by a.id limit $2::int
