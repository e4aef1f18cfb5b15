-- in:  $1 ids, $2 a task whose parties and subject come along, or ''
-- out: agents, in no order
select a.id, a.version, a.profile, a.balance, a.escrowed, a.open_claims, a.posted, a.completed,
       a.rating_sum, a.rating_count, a.earned, a.fees, a.charged, a.spent, a.rejected, a.strikes, a.blocked_until,
       a.event_seq, a.ledger_seq, a.approvals, a.rejections, a.fees_brought, a.text_bytes, a.system_pay
from pinchwork.agent_now a
where a.id = any($1::text[] || (
    select array[t.poster, t.worker, t.subject] from pinchwork.task t where t.id = $2::text))
