-- in:  $1 an agent, $2 how many, $3 after how many
-- out: its entries, highest seq first
select e.id, e.source, e.target, e.amount, e.kind, e.agent, e.seq, e.task, e.fee, e.note, e.about, e.at, e.balance, e.earned
from pinchwork.entry e
where e.agent = $1::text and e.agent <> '' and e.seq <= (
    select a.ledger_seq from pinchwork.account a where a.id = $1::text order by a.epoch desc limit 1) - $3::int order by e.seq desc limit $2::int
