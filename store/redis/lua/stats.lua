-- Returns an agent's statistics.
--
-- KEYS[1]   prefix
-- ARGV[1]   agent    ARGV[2]  now
-- ARGV[3…]  instants
--
-- Returns {agent or false, {field, value, …} of its tags, {what it had earned
-- by each instant}, due tasks}.

local earned = {}
for i = 3, #ARGV do
  local last = call('ZREVRANGEBYSCORE', P .. 'y:' .. ARGV[1], ARGV[i], '-inf', 'LIMIT', 0, 1)[1]
  earned[i - 2] = last and string.match(last, ':(.*)') or '0'
end
return { agent(ARGV[1]), call('HGETALL', P .. 'g:' .. ARGV[1]), earned, due(ARGV[1], ARGV[2]) }
