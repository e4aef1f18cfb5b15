-- in:  $1 a task, $2 a worker whose claims they belong to ('' for all), $3 how many, $4 after how many
-- out: its messages, oldest first
select m.id, m.task, m.sender, m.body, m.worker, m.created_at from pinchwork.message m
where m.task = $1::text and ($2::text = '' or m.worker = $2::text) order by m.n limit $3::int offset $4::int
