-- in:  $1 what the host program calls an agent
-- out: that agent, if there is one
select a.id, a.version, a.profile, a.balance, a.escrowed, a.open_claims, a.posted, a.completed,
       a.rating_sum, a.rating_count, a.earned, a.fees, a.charged, a.spent, a.rejected, a.strikes, a.blocked_until,
       a.event_seq, a.ledger_seq, a.approvals, a.rejections, a.fees_brought, a.text_bytes, a.system_pay
from pinchwork.agent_now a
where a.id = (select x.id from pinchwork.agent x where x.external_id = $1::text)
