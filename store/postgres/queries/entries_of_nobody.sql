-- in:  $1 the id to start after, $2 how many
-- out: the entries that touch no ordinary agent, by id
select e.id, e.source, e.target, e.amount, e.kind, e.agent, e.seq, e.task, e.fee, e.note, e.about, e.at, e.balance, e.earned
from pinchwork.entry e where e.agent = '' and e.id > $1::text order by e.id limit $2::int
