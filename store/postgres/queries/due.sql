-- in:  $1 now, $2 how many
-- out: tasks that a timer has to touch, the longest due first; when the next one is due; when the first delivery is
select array(select p.task from pinchwork.party p
             where p.role = 1 and p.due <= $1::timestamptz and p.due is not null order by p.due, p.seq limit $2::int),
       (select p.due from pinchwork.party p
        where p.role = 1 and p.due > $1::timestamptz and p.due is not null order by p.due limit 1),
       (select w.due from pinchwork.webhook w where w.due is not null order by w.due limit 1)
