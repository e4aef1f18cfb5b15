-- Pages through tasks in ascending number.
--
-- KEYS[1]  prefix    KEYS[2]  zset of the tasks by number
-- ARGV[1]  the number after which to start    ARGV[2]  how many
-- ARGV[3]  "texts" for them with texts and roles, "due" for the documents, with
--          the instants at which they are due
-- ARGV[4]  stop after the task with which the texts reach so many bytes
--
-- Returns {{document, number, need, context, {agent, role, …}}, …}, or
-- {{document, number, instant or false}, …}.

local texts, room = ARGV[3] == 'texts', tonumber(ARGV[4])
local ids = call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'LIMIT', 0, ARGV[2])
local rows = {}
for i, id in ipairs(ids) do
  local key = P .. 't:' .. id
  if texts then
    local row = call('HMGET', key, 'd', 'n', 'need', 'context')
    row[5] = call('HGETALL', P .. 'r:' .. id)
    room = room - #(row[3] or '') - #(row[4] or '')
    rows[i] = row
  else
    local row = call('HMGET', key, 'd', 'n')
    local due = call('ZSCORE', P .. 'due', id)
    row[3] = due and string.format('%.0f', tonumber(due))
    rows[i] = row
  end
  if room <= 0 then break end
end
return rows
