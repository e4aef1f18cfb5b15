-- in:  $1 a task, $2 a question
-- out: the question, if it is about the task
select q.id, q.task, q.asker, q.body, q.answer, q.created_at, q.answered_at from pinchwork.question q
where q.id = $2::text and q.task = $1::text
