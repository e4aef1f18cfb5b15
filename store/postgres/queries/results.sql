-- in:  $1 a task, $2 numbers of deliveries
-- out: number, result, in the order asked for
select r.no, r.body
from unnest($2::int[]) with ordinality n (no, place)
join pinchwork.result r on r.task = $1::text and r.no = n.no
order by n.place
