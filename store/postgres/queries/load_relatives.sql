-- in:  $1 a task
-- out: seq, version, doc of its parent and of its children
select t.seq, t.version, t.doc from pinchwork.task t
where t.id = any(coalesce((select p.parent || coalesce(p.children, '{}') from pinchwork.task p where p.id = $1::text), '{}'))
