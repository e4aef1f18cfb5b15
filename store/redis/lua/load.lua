-- Loads what one decision needs.
--
-- KEYS[1]   prefix
-- ARGV[1]   now
-- ARGV[2]   caller    ARGV[3]  another agent    ARGV[4]  task
-- ARGV[5]   letters: t texts, r trust between the parties, o the caller's
--           role, i trust toward the caller
-- ARGV[6]   question
-- ARGV[7]   number of questions, '' for none    ARGV[8]   to skip
-- ARGV[9]   number of messages, '' for none     ARGV[10]  to skip
-- ARGV[11]  worker whose claims' messages count, '' for all
-- ARGV[12]  name of an idempotency record
-- ARGV[13]  report
-- ARGV[14]  external id of the other agent, when its id is not given
-- ARGV[15]  number of results, then the fields that hold them
-- after them  names of further idempotency records
-- An argument of '' asks for nothing.
--
-- Returns, each false when not asked for or not there:
--   1 caller  2 due tasks  3 other agent  4 task {document, number, need,
--   context, result}  5 poster, 6 worker (the caller's own is not repeated)
--   7 subject  8 parent {document, number}  9 children  10 trust of poster in
--   worker  11 of worker in poster  12 {role, lapse}  13 question {question, answer}
--   14 questions  15 messages  16 total  17 trust {agent, pair, …}
--   18 record  19 report {report, resolution}  20 further records
--   21 results

local reply = {}
for i = 1, 21 do reply[i] = false end

local caller, task = ARGV[2], ARGV[4]
local function asked(letter) return string.find(ARGV[5], letter, 1, true) end
local function brief(id) return call('HMGET', P .. 't:' .. id, 'd', 'n') end
local function other(id) return id ~= '-' and id ~= caller and agent(id) end

if caller ~= '' then
  reply[1] = agent(caller)
  reply[2] = due(caller, ARGV[1])
end
local another = ARGV[3]
if another == '' and ARGV[14] ~= '' then another = call('HGET', P .. 'externals', ARGV[14]) or '' end
if another ~= '' then reply[3] = agent(another) end

local results = {}
for i = 1, tonumber(ARGV[15]) do results[i] = ARGV[15 + i] end

local function loadTask(x)
  local poster, worker, subject, parent, result, _, _, children = references(x)
  if asked('t') then
    reply[4] = call('HMGET', P .. 't:' .. task, 'd', 'n', 'need', 'context', 'r' .. result)
  else
    reply[4] = brief(task)
  end
  if #results > 0 then reply[21] = call('HMGET', P .. 't:' .. task, unpack(results)) end
  reply[5], reply[6] = other(poster), other(worker)
  if subject ~= '-' then reply[7] = agent(subject) end
  if parent ~= '-' then reply[8] = brief(parent) end
  if #children > 0 then
    reply[9] = {}
    for i, id in ipairs(children) do reply[9][i] = brief(id) end
  end
  if asked('r') and worker ~= '-' then
    reply[10] = call('HGET', P .. 'tf:' .. poster, worker)
    reply[11] = call('HGET', P .. 'tf:' .. worker, poster)
  end
  if asked('o') then
    reply[12] = call('HMGET', P .. 'r:' .. (parent ~= '-' and parent or task), caller, 'l:' .. caller)
  end
end

if task ~= '' then
  local x = call('HGET', P .. 't:' .. task, 'x')
  if x then loadTask(x) end
end

local function question(id) return call('HMGET', P .. 'q:' .. id, 'd', 'a') end

if ARGV[6] ~= '' then
  local found = question(ARGV[6])
  reply[13] = found[1] and found
end

local function page(list, count, skip)
  return call('LRANGE', list, skip, skip + count - 1), call('LLEN', list)
end

if ARGV[9] ~= '' then
  local list = P .. 'tm:' .. task
  if ARGV[11] ~= '' then list = list .. ':' .. ARGV[11] end
  local ids, total = page(list, tonumber(ARGV[9]), tonumber(ARGV[10]))
  reply[15], reply[16] = messages(ids), total
end
if ARGV[7] ~= '' then
  local ids, total = page(P .. 'tq:' .. task, tonumber(ARGV[7]), tonumber(ARGV[8]))
  local questions = {}
  for i, id in ipairs(ids) do questions[i] = question(id) end
  reply[14], reply[16] = questions, total
end

if asked('i') then reply[17] = call('HGETALL', P .. 'tt:' .. caller) end
if ARGV[12] ~= '' then reply[18] = call('GET', P .. 'i:' .. ARGV[12]) end
if ARGV[13] ~= '' then
  local found = call('HMGET', P .. 'rp:' .. ARGV[13], 'd', 'r')
  reply[19] = found[1] and found
end
local before = 15 + #results
if ARGV[before + 1] then
  reply[20] = {}
  for i = before + 1, #ARGV do reply[20][i - before] = call('GET', P .. 'i:' .. ARGV[i]) end
end
return reply
