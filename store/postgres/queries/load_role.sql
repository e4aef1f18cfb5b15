-- in:  $1 a task, $2 an agent
-- out: the agent's role on it, or on its parent when it is a system task, and how its claim ended: at, why, claim
select r.role, r.lapsed_at, coalesce(r.lapse_why, ''), coalesce(r.lapse_claim, 0) from pinchwork.role r
where r.agent = $2::text and r.task = (
    select coalesce(t.parent, t.id) from pinchwork.task t where t.id = $1::text)
