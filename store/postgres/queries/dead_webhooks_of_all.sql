-- in:  $1 how many, $2 after how many
-- out: the dead letters of all agents, newest first
select w.agent, w.seq, w.type, w.task, w.data, w.at, w.attempts, w.error, w.dead_at from pinchwork.webhook w
where w.dead_at is not null
order by w.dead_at desc limit $1::int offset $2::int
