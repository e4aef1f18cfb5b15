-- in:  $1 ids, $2 the role of infra agents
-- out: seq, version, doc, need, context, no result, infra, in the order of the ids
select t.seq, t.version, t.doc, x.need, x.context, null::text, (select array_agg(r.agent) from pinchwork.role r where r.task = t.id and r.role = $2::text)
from unnest($1::text[]) with ordinality w (id, n)
join pinchwork.task t on t.id = w.id
join pinchwork.task_text x on x.seq = t.seq
order by w.n
