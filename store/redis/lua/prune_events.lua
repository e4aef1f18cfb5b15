-- Deletes events, the oldest of each agent first, never their numbering.
--
-- KEYS[1]  prefix
-- ARGV[1]  before    ARGV[2]  how many at most
--
-- Returns how many it deleted.

local OLDEST, before, room = P .. 'oldest', tonumber(ARGV[1]), tonumber(ARGV[2])
local deleted = 0

local function at(line) return tonumber(string.match(line, '^%-?%d+')) end

local function trim(id)
  local list = P .. 'e:' .. id
  local old = 0
  for _, line in ipairs(call('LRANGE', list, 0, math.min(room - deleted, 100) - 1)) do
    if at(line) >= before then break end
    old = old + 1
  end
  call('LTRIM', list, old, -1)
  deleted = deleted + old
  local first = call('LINDEX', list, 0)
  if first then
    call('ZADD', OLDEST, string.format('%.0f', at(first)), id)
  else
    call('ZREM', OLDEST, id)
  end
end

while deleted < room do
  local ids = call('ZRANGEBYSCORE', OLDEST, '-inf', '(' .. ARGV[1], 'LIMIT', 0, 10)
  if #ids == 0 then break end
  for _, id in ipairs(ids) do
    if deleted == room then break end
    trim(id)
  end
end
return deleted
