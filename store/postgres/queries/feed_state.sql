-- in:  $1 transactions that ran at the snapshot where a pass ends, $2 the first one after it,
--      $3 transactions that ran at the snapshot where it began
-- out: up to which transaction the feed was pruned; which of $3 still run; whether there is more after the pass
select (select p.xid::text from pinchwork.pruned p),
       array(select x.xid::text from unnest($3::text[]::xid8[]) x (xid)
             where not pg_visible_in_snapshot(x.xid, pg_current_snapshot())),
       exists (select from pinchwork.feed f where f.xid = any($1::text[]::xid8[]))
       or exists (select from pinchwork.feed f
                  where f.xid >= $2::text::xid8 and f.xid < pg_snapshot_xmax(pg_current_snapshot()))
