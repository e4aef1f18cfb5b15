-- Gives a lease to a holder unless somebody else holds it.
--
-- KEYS[1]  lease
-- ARGV[1]  holder    ARGV[2]  now    ARGV[3]  until
--
-- Returns 1 when the holder has it now, else 0.

local has = redis.call('GET', KEYS[1])
if has then
  local till, holder = string.match(has, '^(%-?%d+) (.*)$')
  if holder ~= ARGV[1] and tonumber(till) > tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[3] .. ' ' .. ARGV[1])
return 1
