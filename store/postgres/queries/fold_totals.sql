-- in:  $1 how many rows at most
-- out: how many were folded into one
select pinchwork.fold_totals($1::int)
