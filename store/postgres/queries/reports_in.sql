-- in:  $1 how many, $2 after how many, $3 status
-- out: reports in the status, newest first
select r.id, r.task, r.reporter, r.reason, r.status, r.note, r.created_at, r.resolved_at
from pinchwork.report r where r.status = $3::text order by r.n desc limit $1::int offset $2::int
