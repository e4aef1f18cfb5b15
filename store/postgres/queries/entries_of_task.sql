-- in:  $1 a task
-- out: its entries
select e.id, e.source, e.target, e.amount, e.kind, e.agent, e.seq, e.task, e.fee, e.note, e.about, e.at, e.balance, e.earned
from pinchwork.entry e where e.task = $1::text and e.task <> '' order by e.at, e.kind, e.id
