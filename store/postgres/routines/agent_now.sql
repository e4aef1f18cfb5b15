create view pinchwork.agent_now as
select p.id, p.version, p.key, p.profile,
       a.balance, a.escrowed, a.open_claims, a.posted, a.completed, a.rating_sum, a.rating_count,
       a.earned, a.fees, a.charged, a.spent, a.rejected, a.strikes, a.blocked_until, a.event_seq, a.ledger_seq,
       array[a.p_posted, a.p_claimed, a.p_delivered, a.p_approved, a.p_expired, a.p_cancelled,
             a.w_posted, a.w_claimed, a.w_delivered, a.w_approved, a.w_expired, a.w_cancelled] as tally,
       a.approvals, a.rejections, a.fees_brought, a.text_bytes,
       (select s.pay from pinchwork.system_pay s where s.agent = p.id) as system_pay
from pinchwork.agent p
cross join lateral (select * from pinchwork.account x where x.id = p.id order by x.epoch desc limit 1) a;
