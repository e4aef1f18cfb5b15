-- in:  $1 now, $2 events before, $3 tasks ended before, $4 feed before, $5 dead letters before (null for never), $6 at most, $7 the platform's id
-- out: events, tasks, feed rows, feed items, keys, buckets, dead letters that went
select pinchwork.prune_events($2::timestamptz, $6::int), pinchwork.prune_tasks($3::timestamptz, $6::int, $7::text),
       f.gone, f.items, r.records, r.buckets, r.dead
from pinchwork.prune_feed($4::timestamptz, $6::int) f,
     pinchwork.prune_rest($1::timestamptz, $5::timestamptz, $6::int) r
