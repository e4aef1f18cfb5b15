-- Pages through an agent's dead letters, newest first.
--
-- KEYS[1]  prefix
-- ARGV[1]  agent    ARGV[2]  how many    ARGV[3]  to skip
--
-- Returns {{16 digits of seq, …}, {"attempts failed length error at event", …},
-- total}.

local index = P .. 'x:' .. ARGV[1]
local count, skip = tonumber(ARGV[2]), tonumber(ARGV[3])
local seqs, lines = {}, {}
if count > 0 then seqs = call('ZREVRANGE', index, skip, skip + count - 1) end
if #seqs > 0 then lines = call('HMGET', P .. 'xj:' .. ARGV[1], unpack(seqs)) end
return { seqs, lines, call('ZCARD', index) }
