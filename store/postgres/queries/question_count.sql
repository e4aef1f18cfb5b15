-- in:  $1 a task
-- out: the number of its questions
select count(*) from pinchwork.question q where q.task = $1::text
