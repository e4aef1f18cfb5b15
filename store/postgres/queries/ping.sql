-- out: the server's clock
select clock_timestamp()
