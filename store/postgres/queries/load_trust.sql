-- in:  $1 a task
-- out: the stored pairs between its parties
select x.from_id, x.to_id, x.score, x.interactions, x.updated_at
from pinchwork.task t
cross join lateral (values (t.poster, t.worker), (t.worker, t.poster)) pair (a, b)
join pinchwork.trust x on x.from_id = pair.a and x.to_id = pair.b
where t.id = $1::text
