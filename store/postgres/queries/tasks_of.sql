-- in:  $1 an agent, $2 roles, $3 statuses (numbers), $4 how many, $5 after how many
-- out: seq, version, doc, need, context, result, infra of its tasks, highest seq first
with page as (
    select p.seq, p.task
    from unnest($2::smallint[]) r (role)
    cross join unnest($3::smallint[]) s (status)
    cross join lateral (
        select p.seq, p.task from pinchwork.party p
        where p.agent = $1::text and p.role = r.role and p.status = s.status
        order by p.seq desc limit $4::bigint + $5::bigint) p
    order by p.seq desc limit $4::bigint offset $5::bigint
)
select t.seq, t.version, t.doc, x.need, x.context, b.body, (select array_agg(r.agent) from pinchwork.role r where r.task = t.id and r.role = 'infra')
from page
join pinchwork.task t on t.id = page.task
join pinchwork.task_text x on x.seq = t.seq
left join pinchwork.result b on b.task = t.id and b.no = (t.doc->'delivery'->>'no')::int
order by page.seq desc
