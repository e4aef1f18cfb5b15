-- What the reading scripts share; it is put before each of them, and a table
-- AGENT_FIELDS with the names of agentFields before it.
--
-- KEYS[1] is the prefix of all keys of the marketplace.

local P, call = KEYS[1], redis.call

-- agent returns the agent's fields, or false.
local function agent(id)
  local fields = call('HMGET', P .. 'a:' .. id, unpack(AGENT_FIELDS))
  return fields[1] and fields
end

-- due returns the first 100 of the agent's tasks that are due.
local function due(id, now)
  return call('ZRANGEBYSCORE', P .. 'd:' .. id, '-inf', now, 'LIMIT', 0, 100)
end

-- references reads what a task's field x says: the ids of poster, worker,
-- subject and parent, the number of the result, the status, '1' when it is counted
-- in the totals and '2' when among the sealed ones, and a table of the children's ids; '-' stands for nobody and
-- nothing.
local function references(x)
  local words = {}
  for word in string.gmatch(x, '%S+') do words[#words + 1] = word end
  local children = {}
  for i = 8, #words do children[i - 7] = words[i] end
  return words[1], words[2], words[3], words[4], words[5], words[6], words[7], children
end

-- messages returns the messages of a piece of a list of them.
local function messages(elements)
  if #elements == 0 then return {} end
  local keys = {}
  for i, element in ipairs(elements) do keys[i] = P .. 'msg:' .. string.match(element, '^%S+') end
  return call('MGET', unpack(keys))
end
