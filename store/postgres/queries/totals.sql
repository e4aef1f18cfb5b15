-- out: tasks by status, credits in escrow, agents, and how many rows that took
select coalesce(sum(t.posted), 0)::bigint, coalesce(sum(t.claimed), 0)::bigint, coalesce(sum(t.delivered), 0)::bigint,
       coalesce(sum(t.approved), 0)::bigint, coalesce(sum(t.expired), 0)::bigint, coalesce(sum(t.cancelled), 0)::bigint,
       coalesce(sum(t.escrowed), 0)::bigint, coalesce(sum(t.agents), 0)::bigint, count(*)
from pinchwork.total_change t
