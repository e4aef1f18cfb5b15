-- in:  $1 an agent, $2 how many, $3 after how many
-- out: its dead letters, newest first
select w.agent, w.seq, w.type, w.task, w.data, w.at, w.attempts, w.error, w.dead_at from pinchwork.webhook w
where w.agent = $1::text and w.dead_at is not null
order by w.dead_at desc, w.seq desc limit $2::int offset $3::int
