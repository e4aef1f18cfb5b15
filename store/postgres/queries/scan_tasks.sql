-- in:  $1 the seq to start after, $2 how many
-- out: seq, version, doc, need, context, no result, no infra of all tasks, by seq
select t.seq, t.version, t.doc, x.need, x.context, null::text, null::text[]
from (select x.* from pinchwork.task_text x where x.seq > $1::bigint order by x.seq limit $2::int) x
join pinchwork.task t on t.id = x.task
order by x.seq
