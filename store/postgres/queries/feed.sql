-- Transactions beyond the present snapshot can be there after a restore into
-- another cluster; their turn has not come.
--
-- in:  $1 transactions that ran at the reader's snapshot, $2 the first one after it,
--      $3 the one up to which the reader has read, $4 how many rows
-- out: transaction and items, by transaction, all rows of the last transaction included
select f.xid::text, f.items from (
    (select x.xid, x.items from pinchwork.feed x
     where x.xid = any($1::text[]::xid8[]) and x.xid > $3::text::xid8
     order by x.xid fetch first ($4::int) rows with ties)
    union all
    (select x.xid, x.items from pinchwork.feed x
     where x.xid >= $2::text::xid8 and x.xid > $3::text::xid8 and x.xid < pg_snapshot_xmax(pg_current_snapshot())
     order by x.xid fetch first ($4::int) rows with ties)
) f order by f.xid fetch first ($4::int) rows with ties
