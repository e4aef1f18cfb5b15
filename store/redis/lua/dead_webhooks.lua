-- Pages through an agent's dead letters, newest first, or those of all agents.
--
-- KEYS[1]  prefix
-- ARGV[1]  agent, or nothing for all    ARGV[2]  how many    ARGV[3]  to skip
--
-- Returns {{16 digits of seq, or "agent:seq", …}, {"attempts failed length error at
-- event", …}, total}.

local id, count, skip = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local index = id == '' and P .. 'dead' or P .. 'x:' .. id
local names, lines = {}, {}
if count > 0 then names = call('ZREVRANGE', index, skip, skip + count - 1) end
if id == '' then
  for i, name in ipairs(names) do
    local agent, seq = string.match(name, '^(.*):(%d+)$')
    lines[i] = call('HGET', P .. 'xj:' .. agent, string.format('%016d', tonumber(seq)))
  end
elseif #names > 0 then
  lines = call('HMGET', P .. 'xj:' .. id, unpack(names))
end
return { names, lines, call('ZCARD', index) }
