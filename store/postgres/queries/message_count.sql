-- in:  $1 a task, $2 a worker ('' for all)
-- out: the number of its messages
select count(*) from pinchwork.message m where m.task = $1::text and ($2::text = '' or m.worker = $2::text)
