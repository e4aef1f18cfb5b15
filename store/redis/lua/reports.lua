-- Pages through reports, newest first.
--
-- KEYS[1]  prefix
-- ARGV[1]  status, '' for all    ARGV[2]  how many    ARGV[3]  to skip
--
-- Returns {{{report, resolution}, …}, total}.

local index = P .. 'rs:' .. ARGV[1]
local count, skip = tonumber(ARGV[2]), tonumber(ARGV[3])
local reports = {}
if count > 0 then
  for i, id in ipairs(call('ZREVRANGE', index, skip, skip + count - 1)) do
    reports[i] = call('HMGET', P .. 'rp:' .. id, 'd', 'r')
  end
end
return { reports, call('ZCARD', index) }
