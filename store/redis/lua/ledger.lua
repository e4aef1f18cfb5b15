-- Pages through an agent's ledger, newest first.
--
-- KEYS[1]  prefix
-- ARGV[1]  agent    ARGV[2]  now    ARGV[3]  how many    ARGV[4]  to skip
--
-- Returns {agent or false, {entry of the stream, …}, total, due tasks}.

local list = P .. 'l:' .. ARGV[1]
local count, skip = tonumber(ARGV[3]), tonumber(ARGV[4])
local entries = {}
if count > 0 then
  local numbers = call('LRANGE', list, -skip - count, -skip - 1)
  for i = #numbers, 1, -1 do
    entries[#entries + 1] = call('XRANGE', P .. 'entries', numbers[i] .. '-0', numbers[i] .. '-0')[1]
  end
end
return { agent(ARGV[1]), entries, call('LLEN', list), due(ARGV[1], ARGV[2]) }
