-- in:  $1 a report
-- out: it
select r.id, r.task, r.reporter, r.reason, r.status, r.note, r.created_at, r.resolved_at
from pinchwork.report r where r.id = $1::text
