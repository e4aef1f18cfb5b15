-- Writes the outcome of a webhook delivery.
--
-- KEYS[1]  hooks    KEYS[2]  jobs    KEYS[3]  dead letters of the agent
-- KEYS[4]  their contents    KEYS[5]  all dead letters
-- ARGV[1]  "agent:seq"    ARGV[2]  lease
-- ARGV[3]  "done", "retry" or "dead"
-- ARGV[4]  when it is due again    ARGV[5]  when it failed
-- ARGV[6]  16 digits of seq        ARGV[7]  error
--
-- Returns 1, or 0 when the lease is not the newest.

local call = redis.call
local line = call('HGET', KEYS[2], ARGV[1])
if not line then return 0 end
local attempts, lease, rest = string.match(line, '^(%d+) (%d+) (.*)$')
if lease ~= ARGV[2] then return 0 end

attempts = tonumber(attempts) + 1
if ARGV[3] == 'retry' then
  -- No holder has lease 0, so the attempt that ends here cannot end twice.
  call('HSET', KEYS[2], ARGV[1], attempts .. ' 0 ' .. rest)
  call('ZADD', KEYS[1], ARGV[4], ARGV[1])
  return 1
end
call('ZREM', KEYS[1], ARGV[1])
call('HDEL', KEYS[2], ARGV[1])
if ARGV[3] == 'dead' then
  call('ZADD', KEYS[3], ARGV[5], ARGV[6])
  call('ZADD', KEYS[5], ARGV[5], ARGV[1])
  call('HSET', KEYS[4], ARGV[6], attempts .. ' ' .. ARGV[5] .. ' ' .. #ARGV[7] .. ' ' .. ARGV[7] .. rest)
end
return 1
