-- in:  $1 how many at most
-- out: the number of dead letters
select count(*) from (select from pinchwork.webhook w where w.dead_at is not null limit $1::int) few
