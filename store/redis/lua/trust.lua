-- Pages through the trust of an agent in others, highest first.
--
-- KEYS[1]  prefix
-- ARGV[1]  agent    ARGV[2]  now    ARGV[3]  how many    ARGV[4]  to skip
--
-- Returns {{agent, …}, {pair, …}, total, due tasks}.

local ranking = P .. 'tr:' .. ARGV[1]
local count, skip = tonumber(ARGV[3]), tonumber(ARGV[4])
local ids, pairs = {}, {}
if count > 0 then ids = call('ZRANGE', ranking, skip, skip + count - 1) end
if #ids > 0 then pairs = call('HMGET', P .. 'tf:' .. ARGV[1], unpack(ids)) end
return { ids, pairs, call('ZCARD', ranking), due(ARGV[1], ARGV[2]) }
