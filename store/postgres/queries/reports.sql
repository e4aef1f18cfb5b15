-- in:  $1 how many, $2 after how many
-- out: reports, newest first
select r.id, r.task, r.reporter, r.reason, r.status, r.note, r.created_at, r.resolved_at
from pinchwork.report r order by r.n desc limit $1::int offset $2::int
