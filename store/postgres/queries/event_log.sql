-- in:  $1 an agent
-- out: the numbers of its oldest kept event (null for none) and of its newest ever, and whether it is suspended
select (select e.seq from pinchwork.event e where e.agent = $1::text order by e.seq limit 1), a.event_seq, a.suspended
from pinchwork.account a where a.id = $1::text order by a.epoch desc limit 1
