-- in:  $1 the number to start after, $2 how many
-- out: the events of all agents, by number
select e.agent, e.seq, e.type, e.task, e.data, e.at, e.n from pinchwork.event e
where e.n > $1::bigint order by e.n limit $2::int
