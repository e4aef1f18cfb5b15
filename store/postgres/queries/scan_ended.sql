-- in:  $1 how many, $2 after how many
-- out: seq, version, doc of ended tasks, the last one first
select t.seq, t.version, t.doc
from (select e.at, e.task from pinchwork.ended e order by e.at desc, e.task desc limit $1::int offset $2::int) e
join pinchwork.task t on t.id = e.task
order by e.at desc, e.task desc
