-- in:  $1 a status, '' for all
-- out: the number of reports in it
select coalesce(sum(c.count), 0)::bigint from pinchwork.report_count c where $1::text in ('', c.status)
