-- out: the highest number of an event, 0 for none, and the transactions that have
--      written or deleted events and not ended; what they have numbered was numbered
--      before the first of the two was read, or is above it
select coalesce((select e.n from pinchwork.event e order by e.n desc limit 1), 0),
       array(select distinct l.virtualtransaction from pg_locks l
             where l.locktype = 'relation' and l.database = (select d.oid from pg_database d where d.datname = current_database())
               and l.relation = 'pinchwork.event'::regclass and l.mode = 'RowExclusiveLock' and l.granted)
