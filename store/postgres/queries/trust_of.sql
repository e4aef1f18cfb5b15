-- in:  $1 an agent, $2 how many, $3 after how many
-- out: pairs from it, highest score first, then by the trusted agent
select x.from_id, x.to_id, x.score, x.interactions, x.updated_at from pinchwork.trust x
where x.from_id = $1::text order by x.score desc, x.to_id limit $2::int offset $3::int
