-- Deletes events, the oldest first, never their numbering. The oldest of all is its
-- agent's oldest as well.
--
-- KEYS[1]  prefix
-- ARGV[1]  before    ARGV[2]  how many at most
--
-- Returns how many it deleted.

local LOG, before, deleted, last = P .. 'events', tonumber(ARGV[1]), 0, nil
for _, element in ipairs(call('XRANGE', LOG, '-', '+', 'COUNT', ARGV[2])) do
  local list = P .. 'e:' .. element[2][1]
  if tonumber(string.match(call('LINDEX', list, 0), '^%-?%d+')) >= before then break end
  call('LPOP', list)
  deleted, last = deleted + 1, element[1]
end
if last then
  call('XTRIM', LOG, 'MINID', tonumber(string.match(last, '^%d+')) + 1)
end
return deleted
