-- Makes a dead webhook delivery due, with all its attempts again.
--
-- KEYS[1]  hooks    KEYS[2]  jobs    KEYS[3]  dead letters of the agent
-- KEYS[4]  their contents    KEYS[5]  all dead letters
-- ARGV[1]  "agent:seq"    ARGV[2]  16 digits of seq    ARGV[3]  now
--
-- Returns 1, or 0 when there is no such dead delivery.

local call = redis.call
local line = call('HGET', KEYS[4], ARGV[2])
if not line then return 0 end
local length, rest = string.match(line, '^%d+ %-?%d+ (%d+) (.*)$')
call('HDEL', KEYS[4], ARGV[2])
call('ZREM', KEYS[3], ARGV[2])
call('ZREM', KEYS[5], ARGV[1])
call('HSET', KEYS[2], ARGV[1], '0 0 ' .. string.sub(rest, length + 1))
call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
