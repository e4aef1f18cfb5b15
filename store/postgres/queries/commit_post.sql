-- in:  as migration 0018 has it
-- out: refusal, seqs; a post has no text to return
select refusal, seqs, null::text as need, null::text as context
from pinchwork.commit_post($1::timestamptz, $2::text, $3::bigint, $4::jsonb, $5::timestamptz, $6::text, $7::text, $8::jsonb,
    $9::text, $10::bigint, $11::text, $12::text, $13::text, $14::text[], $15::text[], $16::text)
