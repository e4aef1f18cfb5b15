-- After a restore into another cluster the transactions of old rows lie in its
-- future. Nobody has a position in such a feed, so it starts anew.
--
-- out: how many rows went
with pruned as (
    update pinchwork.pruned set xid = '0' where xid >= pg_snapshot_xmax(pg_current_snapshot())
)
delete from pinchwork.feed where xid >= pg_snapshot_xmax(pg_current_snapshot())
