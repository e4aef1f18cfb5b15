-- in:  $1 an agent
-- out: the number of pairs from it
select count(*) from pinchwork.trust x where x.from_id = $1::text
