-- Finds the agent of a key and charges a rate limit: the generic cell rate
-- algorithm, whose state is the instant at which the bucket is full again.
--
-- KEYS[1]  prefix
-- ARGV[1]  now
-- ARGV[2]  digest of the key, '' when none is looked up
-- ARGV[3]  bucket, '' for no charge; an agent that was looked up is added to it
-- ARGV[4]  time in which one unit comes back    ARGV[5]  units of a full bucket
--
-- Returns {agent or false, 1 when allowed else 0, instant at which the bucket
-- is full again}, all times in microseconds.

local now, digest, bucket = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local found = false
if digest ~= '' then
  local id = call('HGET', P .. 'keys', digest)
  found = id and agent(id)
  if not found then return { false, 1, ARGV[1] } end
  if bucket ~= '' then bucket = bucket .. ':' .. id end
end
if bucket == '' then return { found, 1, ARGV[1] } end

local every, burst = tonumber(ARGV[4]), tonumber(ARGV[5])
local full = math.max(tonumber(call('ZSCORE', P .. 'rates', bucket) or now), now)
if full + every - every * burst > now then
  return { found, 0, string.format('%.0f', full) }
end
full = string.format('%.0f', full + every)
call('ZADD', P .. 'rates', full, bucket)
return { found, 1, full }
