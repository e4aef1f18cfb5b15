-- Returns the events of all agents after a number.
--
-- KEYS[1]  prefix
-- ARGV[1]  number    ARGV[2]  how many
--
-- Returns {{number, agent, number of the agent's, event, …}, number of the oldest
-- kept, number of the newest ever}.

local LOG = P .. 'events'
local head = tonumber(call('HGET', P .. 'counters', 'event') or 0)
local first = call('XRANGE', LOG, '-', '+', 'COUNT', 1)[1]
local oldest = first and tonumber(string.match(first[1], '^%d+')) or head + 1

-- gone is how many events of each agent are no longer kept.
local gone, events = {}, {}
local function event(id, seq)
  local list = P .. 'e:' .. id
  if not gone[id] then
    gone[id] = tonumber(call('HGET', P .. 'a:' .. id, 'ev')) - call('LLEN', list)
  end
  return call('LINDEX', list, seq - gone[id] - 1)
end

local count = tonumber(ARGV[2])
if count > 0 then
  for _, element in ipairs(call('XRANGE', LOG, '(' .. ARGV[1] .. '-0', '+', 'COUNT', count)) do
    local id, seq = element[2][1], element[2][2]
    local n = #events
    events[n + 1], events[n + 2] = tonumber(string.match(element[1], '^%d+')), id
    events[n + 3], events[n + 4] = tonumber(seq), event(id, seq)
  end
end
return { events, oldest, head }
