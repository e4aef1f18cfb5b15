-- in:  $1 an agent, $2 instants
-- out: what it had earned at each, in their order (see routines)
select pinchwork.earned_at($1::text, i.since) from unnest($2::timestamptz[]) with ordinality i (since, n) order by i.n
