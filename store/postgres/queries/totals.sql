-- out: tasks by status, credits in escrow, agents, what the platform's account took part in by kind, sealed tasks by status,
--      how many rows that took, and the highest number given to a task (1 also before the first)
select coalesce(sum(t.posted), 0)::bigint, coalesce(sum(t.claimed), 0)::bigint, coalesce(sum(t.delivered), 0)::bigint,
       coalesce(sum(t.approved), 0)::bigint, coalesce(sum(t.expired), 0)::bigint, coalesce(sum(t.cancelled), 0)::bigint,
       coalesce(sum(t.escrowed), 0)::bigint, coalesce(sum(t.agents), 0)::bigint,
       coalesce(sum(t.registered), 0)::bigint, coalesce(sum(t.granted), 0)::bigint, coalesce(sum(t.clawed_back), 0)::bigint,
       coalesce(sum(t.fees), 0)::bigint, coalesce(sum(t.system_pay), 0)::bigint,
       coalesce(sum(t.sealed_posted), 0)::bigint, coalesce(sum(t.sealed_claimed), 0)::bigint, coalesce(sum(t.sealed_delivered), 0)::bigint,
       coalesce(sum(t.sealed_approved), 0)::bigint, coalesce(sum(t.sealed_expired), 0)::bigint, coalesce(sum(t.sealed_cancelled), 0)::bigint, count(*),
       (select s.last_value from pinchwork.task_seq s)
from pinchwork.total_change t
