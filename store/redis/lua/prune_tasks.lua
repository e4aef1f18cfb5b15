-- Deletes ended tasks with their texts, talk, roles and reports. The numbers of
-- their ledger entries stay, so that no transfer can ever happen twice.
--
-- KEYS[1]  prefix
-- ARGV[1]  before    ARGV[2]  how many at most
--
-- Returns how many it deleted.

local function deleteTalk(id)
  for _, question in ipairs(call('LRANGE', P .. 'tq:' .. id, 0, -1)) do call('DEL', P .. 'q:' .. question) end
  for _, element in ipairs(call('LRANGE', P .. 'tm:' .. id, 0, -1)) do
    local message, worker = string.match(element, '^(%S+) (.*)$')
    call('DEL', P .. 'msg:' .. message, P .. 'tm:' .. id .. ':' .. worker)
  end
  call('DEL', P .. 'tq:' .. id, P .. 'tm:' .. id)
end

local function deleteReports(id)
  for _, report in ipairs(call('HVALS', P .. 'tp:' .. id)) do
    call('ZREM', P .. 'rs:' .. (call('HGET', P .. 'rp:' .. report, 's') or ''), report)
    call('ZREM', P .. 'rs:', report)
    call('DEL', P .. 'rp:' .. report)
  end
  call('DEL', P .. 'tp:' .. id)
end

local function deleteTask(id)
  local poster, worker, _, _, _, status, counted = references(call('HGET', P .. 't:' .. id, 'x'))
  deleteTalk(id)
  deleteReports(id)
  call('ZREM', P .. 'o:' .. poster .. ':p:' .. status, id)
  call('ZREM', P .. 'o:' .. worker .. ':w:' .. status, id)
  if counted == '1' then call('HINCRBY', P .. 'totals', status, -1) end
  if counted == '2' then call('HINCRBY', P .. 'totals', 'sealed:' .. status, -1) end
  call('ZREM', P .. 'tasks', id)
  call('ZREM', P .. 'ended', id)
  call('DEL', P .. 't:' .. id, P .. 'r:' .. id)
end

local ids = call('ZRANGEBYSCORE', P .. 'ended', '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do deleteTask(id) end
return #ids
