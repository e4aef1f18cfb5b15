-- in:  as the routine has it
-- out: refusal, seqs
select refusal, seqs from pinchwork.commit_posts($1::timestamptz[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[],
    $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[],
    $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::int[], $19::int[], $20::int[], $21::int[], $22::text[])
