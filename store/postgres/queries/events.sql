-- in:  $1 an agent, $2 the seq to start after, $3 how many
-- out: its events, by seq
select e.agent, e.seq, e.type, e.task, e.data, e.at from pinchwork.event e
where e.agent = $1::text and e.seq > $2::bigint order by e.seq limit $3::int
