-- in:  $1 an agent
-- out: the number of its dead letters
select count(*) from pinchwork.webhook w where w.agent = $1::text and w.dead_at is not null
