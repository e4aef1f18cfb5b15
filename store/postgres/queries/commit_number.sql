-- in:  $1 the schema, $2 the name
-- out: the number of the routine, another one when it was made anew
select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = $1::text and p.proname = $2::text
