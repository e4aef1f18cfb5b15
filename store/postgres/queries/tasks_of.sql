-- in:  $1 an agent, $2 roles, $3 statuses (numbers), $4 how many, $5 after how many,
--      $6 how many bytes the texts of a page may have, 0 for any number; one task always comes,
--      $7 the role of infra agents
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
), sized as (
    select t.id, t.seq, t.version, t.doc, x.need, x.context, b.body, row_number() over newest as place,
        sum(octet_length(x.need) + octet_length(x.context) + coalesce(octet_length(b.body), 0)) over newest as size
    from page
    join pinchwork.task t on t.id = page.task
    join pinchwork.task_text x on x.seq = t.seq
    left join pinchwork.result b on b.task = t.id and b.no = t.result_no
    window newest as (order by page.seq desc rows unbounded preceding)
)
select seq, version, doc, need, context, body, (select array_agg(r.agent) from pinchwork.role r where r.task = id and r.role = $7::text)
from sized
where $6::int = 0 or place = 1 or size <= $6::int
order by seq desc
