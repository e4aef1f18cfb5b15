-- in:  $1 the seq to start after, $2 how many, $3 the role of infra agents
-- out: seq, version, doc, need, context, no result, infra of posted tasks, by seq
select t.seq, t.version, t.doc, x.need, x.context, null::text, (select array_agg(r.agent) from pinchwork.role r where r.task = t.id and r.role = $3::text)
from (select p.seq, p.task from pinchwork.party p
      where p.open and p.seq > $1::bigint order by p.seq limit $2::int) page
join pinchwork.task t on t.id = page.task
join pinchwork.task_text x on x.seq = t.seq
order by page.seq
