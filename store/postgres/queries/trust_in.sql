-- in:  $1 an agent
-- out: every pair toward it
select x.from_id, x.to_id, x.score, x.interactions, x.updated_at from pinchwork.trust x where x.to_id = $1::text
