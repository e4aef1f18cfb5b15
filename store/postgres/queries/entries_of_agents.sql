-- in:  $1 agent and $2 seq to start after, $3 how many
-- out: the entries of all agents, by agent and seq
select e.id, e.source, e.target, e.amount, e.kind, e.agent, e.seq, e.task, e.fee, e.note, e.about, e.at, e.balance, e.earned
from pinchwork.entry e
where e.agent <> '' and (e.agent, e.seq) > ($1::text, $2::bigint) order by e.agent, e.seq limit $3::int
