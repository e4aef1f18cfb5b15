-- in:  $1 … $32 what has to be written (see routines)
-- out: refusal, refused, seqs, needs, contexts
select refusal, refused, seqs, needs, contexts from pinchwork.commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
    $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)
