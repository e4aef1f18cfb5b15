-- Returns an agent's events after a number.
--
-- KEYS[1]  prefix
-- ARGV[1]  agent    ARGV[2]  number    ARGV[3]  how many
--
-- Returns {{event, …}, number of the first of them, number of the oldest kept,
-- number of the newest ever, 1 when suspended or missing}.

local list = P .. 'e:' .. ARGV[1]
local has = call('HMGET', P .. 'a:' .. ARGV[1], 'ev', 'x')
local head = tonumber(has[1] or 0)
local oldest = head - call('LLEN', list) + 1
local first, count = math.max(tonumber(ARGV[2]) + 1, oldest), tonumber(ARGV[3])
local events = {}
if count > 0 and first <= head then
  events = call('LRANGE', list, first - oldest, first - oldest + count - 1)
end
return { events, first, oldest, head, has[2] == '0' and 0 or 1 }
