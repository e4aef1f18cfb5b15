-- Reads the feed.
--
-- KEYS[1]  counters    KEYS[2]  feed
-- ARGV[1]  the number after which to start, '' for the head
-- ARGV[2]  what the element of that number has as its instant, '' if unknown
-- ARGV[3]  about how many items
--
-- Returns {{items, …}, number and instant of the last element read, last number
-- given}, or {} when elements after the number may be gone: trimmed, or lost
-- in a crash of the server, after which the numbers were assigned again.

local call = redis.call
local head = tonumber(call('HGET', KEYS[1], 'feed') or 0)

-- element returns the fields of the element with that number: a, c, i.
local function values(element)
  local fields = {}
  for i = 1, #element[2], 2 do fields[element[2][i]] = element[2][i + 1] end
  return fields
end
local function instant(number)
  local element = call('XRANGE', KEYS[2], number .. '-0', number .. '-0')[1]
  return element and values(element).a or ''
end

if ARGV[1] == '' then return { {}, head, instant(head), head } end

local after = tonumber(ARGV[1])
local function broken()
  if after > head then return true end
  local mark = instant(after)
  if mark ~= '' then return ARGV[2] ~= '' and mark ~= ARGV[2] end
  if after == head then return false end
  local oldest = call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  return not oldest or tonumber(string.match(oldest[1], '^%d+')) > after + 1
end
if broken() then return {} end

local items, count, last, mark = {}, 0, after, ARGV[2]
local wanted = tonumber(ARGV[3])
while count < wanted and last < head do
  local batch = call('XRANGE', KEYS[2], '(' .. last .. '-0', '+', 'COUNT', math.min(wanted - count, 1000))
  if #batch == 0 then break end
  for _, element in ipairs(batch) do
    if count >= wanted then break end
    local fields = values(element)
    items[#items + 1] = fields.i
    count = count + tonumber(fields.c)
    last, mark = tonumber(string.match(element[1], '^%d+')), fields.a
  end
end
return { items, last, mark, head }
