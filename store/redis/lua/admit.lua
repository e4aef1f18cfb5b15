-- Finds the agent of a key, or by its id, and charges a rate limit: the generic cell rate
-- algorithm, whose state is the instant at which the bucket is full again.
--
-- KEYS[1]  prefix
-- ARGV[1]  now
-- ARGV[2]  digest of the key, '' when none is looked up
-- ARGV[3]  bucket, '' for no charge; an agent that was looked up is added to it
-- ARGV[4]  time in which one unit comes back    ARGV[5]  units of a full bucket
-- ARGV[6]  id of the agent, '' when none is looked up
--
-- Returns {agent or false, 1 when allowed else 0, instant at which the bucket
-- is full again}, all times in microseconds.

local now, digest, bucket = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local found, id = false, ARGV[6]

-- counts reports whether the key is the agent's own, or the one before it while that
-- counts. An agent that was made by a store without k and ko has its first key until
-- it is given another, which then is one before all that are named.
local function counts(id)
  local has = call('HMGET', P .. 'a:' .. id, 'k', 'ko', 'ku')
  return not has[1] or has[1] == digest or (not has[2] or has[2] == digest) and tonumber(has[3] or 0) > now
end

if digest ~= '' then
  id = call('HGET', P .. 'keys', digest) or ''
  if id == '' or not counts(id) then return { false, 1, ARGV[1] } end
end
if id ~= '' then
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
