-- in:  $1 a task, $2 an agent
-- out: the agent's role on it, or on its parent when it is a system task
select r.role from pinchwork.role r
where r.agent = $2::text and r.task = (
    select case when t.doc ? 'system' then t.doc->'system'->>'parent' else t.id end
    from pinchwork.task t where t.id = $1::text)
