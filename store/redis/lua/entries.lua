-- Pages through all ledger entries, or returns those of one task.
--
-- KEYS[1]  prefix
-- ARGV[1]  task, '' for all    ARGV[2]  the number after which to start
-- ARGV[3]  how many
--
-- Returns {entry of the stream, …}.

local stream = P .. 'entries'
if ARGV[1] == '' then
  return call('XRANGE', stream, '(' .. ARGV[2] .. '-0', '+', 'COUNT', ARGV[3])
end
local numbers = call('HVALS', P .. 'm:' .. ARGV[1])
table.sort(numbers, function(a, b) return tonumber(a) < tonumber(b) end)
local entries = {}
for i, n in ipairs(numbers) do entries[i] = call('XRANGE', stream, n .. '-0', n .. '-0')[1] end
return entries
