-- in:  $1 a task, $2 how many, $3 after how many
-- out: its questions, oldest first
select q.id, q.task, q.asker, q.body, q.answer, q.created_at, q.answered_at from pinchwork.question q
where q.task = $1::text order by q.n limit $2::int offset $3::int
