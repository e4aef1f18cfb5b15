-- out: what is visible now, "xmin:xmax:xip,…"
select pg_current_snapshot()::text
