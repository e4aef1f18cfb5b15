-- in:  $1 a task, $2 whether its texts are wanted
-- out: seq, version, doc, need, context, result (null when there is none)
select t.seq, t.version, t.doc, x.need, x.context, r.body
from pinchwork.task t
left join pinchwork.task_text x on $2::boolean and x.seq = t.seq
left join pinchwork.result r on $2::boolean and r.task = t.id and r.no = t.result_no
where t.id = $1::text
