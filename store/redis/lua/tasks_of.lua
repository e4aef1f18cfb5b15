-- Pages through tasks, highest number first, over the union of disjoint zsets.
--
-- KEYS[1]   prefix
-- KEYS[2…]  zsets of tasks by number
-- ARGV[1]   agent    ARGV[2]  now    ARGV[3]  how many    ARGV[4]  to skip
-- ARGV[5]   how many bytes the texts of a page may have, 0 for any number; one
--           task always comes
--
-- Returns {total, {{document, number, need, context, result}, …}, due tasks}.

local total = 0
for i = 2, #KEYS do total = total + call('ZCARD', KEYS[i]) end

-- above counts the tasks with at least this number.
local function above(number)
  local n = 0
  for i = 2, #KEYS do n = n + call('ZCOUNT', KEYS[i], number, '+inf') end
  return n
end

-- start finds the highest number with more than skip tasks at or above it, by
-- halving: the way to a late page costs as much as that to the first.
local function start(skip)
  local low, high = 0, 0
  for i = 2, #KEYS do
    local top = call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')[2]
    if top and tonumber(top) > high then high = tonumber(top) end
  end
  if skip == 0 then return high end
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if above(middle) > skip then low = middle else high = middle - 1 end
  end
  return low
end

local function page(count, skip)
  local found, from = {}, start(skip)
  for i = 2, #KEYS do
    local part = call('ZREVRANGEBYSCORE', KEYS[i], from, '-inf', 'WITHSCORES', 'LIMIT', 0, count)
    for j = 1, #part, 2 do found[#found + 1] = { part[j], tonumber(part[j + 1]) } end
  end
  table.sort(found, function(a, b) return a[2] > b[2] end)
  return found
end

local count, skip, rows = tonumber(ARGV[3]), tonumber(ARGV[4]), {}
local most, size = tonumber(ARGV[5]), 0
if skip < total and count > 0 then
  local found = page(count, skip)
  for i = 1, math.min(count, #found) do
    local key = P .. 't:' .. found[i][1]
    local _, _, _, _, result = references(call('HGET', key, 'x'))
    size = size + call('HSTRLEN', key, 'need') + call('HSTRLEN', key, 'context') + call('HSTRLEN', key, 'r' .. result)
    if i > 1 and most > 0 and size > most then break end
    rows[i] = call('HMGET', key, 'd', 'n', 'need', 'context', 'r' .. result)
  end
end
return { total, rows, due(ARGV[1], ARGV[2]) }
