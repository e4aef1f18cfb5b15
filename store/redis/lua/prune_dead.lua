-- Deletes dead letters.
--
-- KEYS[1]  prefix
-- ARGV[1]  before    ARGV[2]  how many at most
--
-- Returns how many it deleted.

local jobs = call('ZRANGEBYSCORE', P .. 'dead', '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, job in ipairs(jobs) do
  local id, seq = string.match(job, '^(.*):(%d+)$')
  local member = string.format('%016d', tonumber(seq))
  call('ZREM', P .. 'x:' .. id, member)
  call('HDEL', P .. 'xj:' .. id, member)
  call('ZREM', P .. 'dead', job)
end
return #jobs
