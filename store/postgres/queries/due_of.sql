-- in:  $1 an agent, $2 now
-- out: at most 100 of its tasks that a timer has to touch, the longest due first
select p.task from pinchwork.party p
where p.agent = $1::text and p.due <= $2::timestamptz and p.due is not null
order by p.due, p.seq limit 100
