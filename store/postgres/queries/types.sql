-- in:  $1 a schema, $2 names of types
-- out: name and number of each
select t.typname::text, t.oid from pg_type t join pg_namespace n on n.oid = t.typnamespace
where n.nspname = $1::text and t.typname = any($2::text[])
