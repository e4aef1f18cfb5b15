-- in:  $1 a change, $2 its texts (see routines)
-- out: refusal, seqs, need, context
select refusal, seqs, need, context from pinchwork.commit_change($1::jsonb, $2::text[])
