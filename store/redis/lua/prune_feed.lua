-- Deletes the oldest elements of the feed.
--
-- KEYS[1]  feed
-- ARGV[1]  before    ARGV[2]  how many elements at most
--
-- Returns {items, elements} deleted.

local before, items, elements, last = tonumber(ARGV[1]), 0, 0, nil
for _, element in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[2])) do
  local fields = {}
  for i = 1, #element[2], 2 do fields[element[2][i]] = element[2][i + 1] end
  if tonumber(fields.a) >= before then break end
  items, elements, last = items + fields.c, elements + 1, element[1]
end
if last then
  redis.call('XTRIM', KEYS[1], 'MINID', tonumber(string.match(last, '^%d+')) + 1)
end
return { items, elements }
