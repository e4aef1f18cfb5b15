-- in:  $1 name, $2 holder, $3 now, $4 until
-- out: a row when the holder has the lease
insert into pinchwork.lease as l (name, holder, until) values ($1::text, $2::text, $4::timestamptz)
on conflict (name) do update set holder = excluded.holder, until = excluded.until
    where l.holder = excluded.holder or l.until <= $3::timestamptz
returning true
