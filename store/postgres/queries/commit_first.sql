-- in:  $1 changes as JSON text, $2 their texts (see routines)
-- out: chosen, refusals, seqs, need, context
select chosen, refusals, seqs, need, context from pinchwork.commit_first($1::text[], $2::text[])
