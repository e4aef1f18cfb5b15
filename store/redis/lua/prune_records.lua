-- Deletes idempotency records that have expired, and rate buckets that are full.
--
-- KEYS[1]  prefix
-- ARGV[1]  now    ARGV[2]  how many of each at most
--
-- Returns {records, the larger number of both kinds} deleted.

local function expired(zset) return call('ZRANGEBYSCORE', zset, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2]) end

local records, rates = expired(P .. 'records'), expired(P .. 'rates')
for _, name in ipairs(records) do
  call('DEL', P .. 'i:' .. name)
  call('ZREM', P .. 'records', name)
end
for _, bucket in ipairs(rates) do call('ZREM', P .. 'rates', bucket) end
return { #records, math.max(#records, #rates) }
