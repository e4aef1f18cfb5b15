-- Plans for the batch that follows: a plan made while a table was small, such as one
-- that reads the whole of it, must not be kept when it has grown.
select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)
