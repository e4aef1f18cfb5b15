-- Pages through ended tasks, the last one first.
--
-- KEYS[1]  prefix
-- ARGV[1]  how many    ARGV[2]  after how many
--
-- Returns {{document, number}, …}.

local from, rows = tonumber(ARGV[2]), {}
local ids = call('ZREVRANGE', P .. 'ended', from, from + tonumber(ARGV[1]) - 1)
for i, id in ipairs(ids) do rows[i] = call('HMGET', P .. 't:' .. id, 'd', 'n') end
return rows
