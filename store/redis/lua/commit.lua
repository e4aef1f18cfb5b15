-- Commits Changes: each all or nothing, its guards before its first write.
--
-- KEYS[1]  counters  hash    last numbers of task, entry, report, feed
-- KEYS[2]  entries   stream  all ledger entries
-- KEYS[3]  feed      stream  feed items
-- KEYS[4]  oldest    zset    agents by their oldest event
-- KEYS[5]  hooks     zset    webhook deliveries by due time
-- KEYS[6]  jobs      hash    webhook deliveries
-- KEYS[7…] every other key that a step names
--
-- ARGV[1]  "first" stops after the first Change that was committed, "each"
--          tries all of them
-- ARGV[2…] for each Change: the number of arguments that are its guards, the
--          number that are its writes, the guards, the writes. A guard or write
--          is a step:  name, index of a key (0 for none), number of arguments,
--          arguments. The name of a write is a function below or a command.
--
-- Returns for each Change that was tried the number of the guard that failed,
-- counted from 1, or {{numbers given to tasks}, need, context}.

local KEYS, ARGV, call = KEYS, ARGV, redis.call
local COUNTERS, ENTRIES, FEED, OLDEST, HOOKS, JOBS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]

-- The prefix of all keys.
local P = string.sub(COUNTERS, 1, -#'counters' - 1)

local function leading(s) return tonumber(string.match(s, '^%-?%d+')) end

local guards = {
  -- field, value: the field has the value; '' is also a missing field
  is = function(key, i) return (call('HGET', key, ARGV[i]) or '') == ARGV[i + 1] end,
  -- field: it is missing
  unset = function(key, i) return call('HEXISTS', key, ARGV[i]) == 0 end,
  -- the key is missing
  absent = function(key) return call('EXISTS', key) == 0 end,
  -- [agent or task] it exists
  known = function(key) return call('HEXISTS', key, 'v') == 1 end,
  -- field, value: the field is missing or has the value
  free = function(key, i)
    local has = call('HGET', key, ARGV[i])
    return not has or has == ARGV[i + 1]
  end,
  -- field, number: the field begins with the number before; a missing one with 0
  follows = function(key, i)
    return leading(call('HGET', key, ARGV[i]) or '0') == tonumber(ARGV[i + 1]) - 1
  end,
  -- field, amount: taking the amount from the field leaves 0 or more
  covers = function(key, i)
    return tonumber(call('HGET', key, ARGV[i]) or 0) >= tonumber(ARGV[i + 1])
  end,
  -- field, delta, most: adding delta to the field does not exceed most
  within = function(key, i)
    return tonumber(call('HGET', key, ARGV[i]) or 0) + tonumber(ARGV[i + 1]) <= tonumber(ARGV[i + 2])
  end,
  -- instant: the string is missing or begins with an instant that is not later
  lapsed = function(key, i)
    local has = call('GET', key)
    return not has or leading(has) <= tonumber(ARGV[i])
  end,
  -- fails always: the Change contradicts itself
  never = function() return false end,
}

-- What a Change has brought forth so far.
local number, numbers, need, context

local writes = {
  -- [counters] field: gives the next number to the steps that follow
  number = function(key, i) number = call('HINCRBY', key, ARGV[i], 1) end,
  -- [task] sets its number, and returns it in the end
  numbered = function(key)
    call('HSET', key, 'n', number)
    numbers[#numbers + 1] = number
  end,
  -- [zset] member: adds it with the number as its score
  znumber = function(key, i) call('ZADD', key, number, ARGV[i]) end,
  -- [hash] field: sets it to the number
  hnumber = function(key, i) call('HSET', key, ARGV[i], number) end,

  -- [agent, or none] ledger, earnings, transfers (indexes of keys, the last
  -- may be 0), signed amount, at, kind, transfer: moves the balance and writes
  -- the entry
  transfer = function(agent, i)
    local n = call('HINCRBY', COUNTERS, 'entry', 1)
    local seq, balance, earned = 0, 0, '0'
    if agent then
      balance = call('HINCRBY', agent, 'bal', ARGV[i + 3])
      seq = call('HINCRBY', agent, 'le', 1)
      earned = call('HGET', agent, 'earn') or '0'
      call('RPUSH', KEYS[tonumber(ARGV[i])], n)
      if earned ~= '0' then
        local earnings, at = KEYS[tonumber(ARGV[i + 1])], ARGV[i + 4]
        call('ZREMRANGEBYSCORE', earnings, at, '+inf')
        local last = call('ZRANGE', earnings, -1, -1)[1]
        if not last or string.match(last, ':(.*)') ~= earned then
          call('ZADD', earnings, at, seq .. ':' .. earned)
        end
      end
    end
    call('XADD', ENTRIES, n .. '-0', 't', ARGV[i + 6], 's', seq, 'b', balance, 'e', earned)
    local transfers = KEYS[tonumber(ARGV[i + 2])]
    if transfers then call('HSET', transfers, ARGV[i + 5], n) end
  end,

  -- [agent] events (index of a key), agent's id, at, event, due: writes the
  -- event under the agent's next number and queues it for its webhook
  event = function(agent, i)
    local has = call('HMGET', agent, 'v', 'h')
    if not has[1] then return end
    local seq = call('HINCRBY', agent, 'ev', 1)
    local id, line = ARGV[i + 1], ARGV[i + 2] .. ' ' .. ARGV[i + 3]
    if call('RPUSH', KEYS[tonumber(ARGV[i])], line) == 1 then
      call('ZADD', OLDEST, ARGV[i + 2], id)
    end
    if has[2] == '1' then
      local job = id .. ':' .. seq
      call('ZADD', HOOKS, ARGV[i + 4], job)
      call('HSET', JOBS, job, '0 0 ' .. line)
    end
  end,

  -- [none] longest, at, count, items: appends to the feed
  feed = function(_, i)
    local n = call('HINCRBY', COUNTERS, 'feed', 1)
    call('XADD', FEED, 'MAXLEN', '~', ARGV[i], n .. '-0', 'a', ARGV[i + 1], 'c', ARGV[i + 2], 'i', ARGV[i + 3])
  end,

  -- [report] from, to (indexes of keys), id, status, resolution: resolves it
  resolve = function(key, i)
    call('HSET', key, 's', ARGV[i + 3], 'r', ARGV[i + 4])
    call('ZREM', KEYS[tonumber(ARGV[i])], ARGV[i + 2])
    call('ZADD', KEYS[tonumber(ARGV[i + 1])], call('HGET', key, 'n'), ARGV[i + 2])
  end,

  -- [task] questions, messages (indexes of keys): deletes need, context and talk,
  -- whose keys it finds on its way
  drop = function(key, i)
    call('HDEL', key, 'need', 'context')
    local questions, messages = KEYS[tonumber(ARGV[i])], KEYS[tonumber(ARGV[i + 1])]
    for _, id in ipairs(call('LRANGE', questions, 0, -1)) do call('DEL', P .. 'q:' .. id) end
    for _, element in ipairs(call('LRANGE', messages, 0, -1)) do
      local id, worker = string.match(element, '^(%S+) (.*)$')
      call('DEL', P .. 'msg:' .. id, messages .. ':' .. worker)
    end
    call('DEL', questions, messages)
  end,

  -- [task] returns its texts
  texts = function(key)
    local has = call('HMGET', key, 'need', 'context')
    need, context = has[1], has[2]
  end,
}

-- failing returns the number of the first guard that does not hold, or nil.
local function failing(i, stop)
  local n = 0
  while i < stop do
    n = n + 1
    if not guards[ARGV[i]](KEYS[tonumber(ARGV[i + 1])], i + 3) then return n end
    i = i + 3 + ARGV[i + 2]
  end
end

local function write(i, stop)
  number, numbers, need, context = nil, {}, false, false
  while i < stop do
    local name, key, after = ARGV[i], KEYS[tonumber(ARGV[i + 1])], i + 3 + ARGV[i + 2]
    local special = writes[name]
    if special then
      special(key, i + 3)
    else
      call(name, key, unpack(ARGV, i + 3, after - 1))
    end
    i = after
  end
  return { numbers, need, context }
end

local replies, i = {}, 2
while ARGV[i] do
  local first = i + 2
  local middle = first + ARGV[i]
  local stop = middle + ARGV[i + 1]
  local failed = failing(first, middle)
  replies[#replies + 1] = failed or write(middle, stop)
  if not failed and ARGV[1] == 'first' then break end
  i = stop
end
return replies
