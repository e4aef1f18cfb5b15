-- in:  $1 the seq to start after, $2 how many
-- out: seq, version, doc of all tasks, by seq, and when each is due
select t.seq, t.version, t.doc, p.due
from (select x.seq, x.task from pinchwork.task_text x where x.seq > $1::bigint order by x.seq limit $2::int) x
join pinchwork.task t on t.id = x.task
left join lateral (
    select o.due from pinchwork.party o
    where o.agent = t.poster and o.role = 1 and o.status = t.status and o.seq = t.seq and o.task = t.id
    limit 1) p on true
order by x.seq
