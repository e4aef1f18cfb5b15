-- Commits Changes: each all or nothing, its guards before its first write.
--
-- KEYS[1]   prefix of all keys
-- KEYS[2…]  the other keys of each Change in turn
--
-- ARGV      units of Changes: "first" to stop after the first one that was
--           committed, or "each" to try all of them; how many keys and how many
--           further arguments the unit has; and then for each Change its layout and
--           its words. The layout holds numbers (see numbersOf): how many keys it
--           has, how many words, and what is given below before each colon. It names
--           keys, rows and fields by their indexes from 1.
--
--   rows     how many; for each its key and how many fields: the fields that are
--            read of a hash
--   guards   how many; for each the row, or the key, and the field in the row, or 0:
--            a name, an argument
--   moves    how many; for each the row, how many words, how many of its fields are
--            counters, and which: fields and values for HSET, the counters first,
--            whose values say by how much
--   steps    for each the key, or 0, how many words, and what the step takes: a name,
--            of a function below or a command, and its arguments
--
-- Returns for each unit a list of outcomes, one for each Change that was tried: the
-- number of the guard that failed, counted from 1, or {{numbers given}, need,
-- context}, or a text of what went wrong.

local KEYS, ARGV, call, tonumber = KEYS, ARGV, redis.call, tonumber
local P = KEYS[1]
local COUNTERS, ENTRIES, FEED, LOG = P .. 'counters', P .. 'entries', P .. 'feed', P .. 'events'

-- How many keys come before those of the Change, the numbers of its layout, and
-- which number and which word come next.
local before, layout, l, w

-- What has been read for the Change, and what it has produced so far.
local rows, number, numbers, need, context

-- numbersOf reads a layout: a byte for each number, after a first one that is 1; or,
-- when one of them does not fit, decimal numbers after a 0.
local function numbersOf(s)
  if string.byte(s, 1) == 1 then return { string.byte(s, 2, -1) } end
  local all = {}
  for n in string.gmatch(s, '%d+') do all[#all + 1] = tonumber(n) end
  return all
end

-- key returns the key that the layout names next.
local function key()
  l = l + 1
  return KEYS[before + layout[l - 1]]
end

-- value returns the value of the field of the row that the layout names next. Row 0
-- stands for what the Change itself says: yes and no.
local YES_AND_NO = { '1', '0' }
local function value()
  l = l + 2
  return (rows[layout[l - 2]] or YES_AND_NO)[layout[l - 1]]
end

local function leading(s) return tonumber(string.match(s, '^%-?%d+')) end

-- The value is that of the row's field, false when it is missing.
local guards = {
  -- the field has the value; '' is also a missing field
  is = function(value, wanted) return (value or '') == wanted end,
  -- the field is missing
  unset = function(value) return not value end,
  -- the field is there
  known = function(value) return value end,
  -- the field is missing or has the value
  free = function(value, wanted) return not value or value == wanted end,
  -- the field begins with the number; a missing one with 0
  counts = function(value, n) return leading(value or '0') == tonumber(n) end,
  -- the field is not below the number; a missing one is 0
  least = function(value, n) return tonumber(value or 0) >= tonumber(n) end,
  -- the field is not above the number; a missing one is 0
  most = function(value, n) return tonumber(value or 0) <= tonumber(n) end,
  -- the key is missing
  absent = function(_, _, key) return call('EXISTS', key) == 0 end,
  -- the string is missing or begins with an instant that is not later
  lapsed = function(_, now, key)
    local has = call('GET', key)
    return not has or leading(has) <= tonumber(now)
  end,
  -- always fails: the Change contradicts itself
  never = function() return false end,
}

-- Each is given its key, and the indexes of its first and last argument. In
-- brackets stands what it takes of the layout.
local steps = {
  -- counter, field, value, …: inserts a hash under the counter's next number
  insert = function(hash, i, last)
    number = call('HINCRBY', COUNTERS, ARGV[i], 1)
    numbers[#numbers + 1] = number
    call('HSET', hash, 'n', number, unpack(ARGV, i + 1, last))
  end,
  -- [how many zsets it leaves, and which; how many it enters, and which] member,
  -- score in each that it enters, '' for the number given last
  place = function(_, i)
    local member = ARGV[i]
    l = l + 1
    for _ = 1, layout[l - 1] do call('ZREM', key(), member) end
    l = l + 1
    for n = 1, layout[l - 1] do
      local score = ARGV[i + n]
      call('ZADD', key(), score == '' and number or score, member)
    end
  end,
  -- [row, field] field: deletes a field if it was there
  clear = function(hash, i)
    if value() then call('HDEL', hash, ARGV[i]) end
  end,

  -- [of an agent its ledger and earnings, and, as row and
  -- field, the entry's number, balance, earned] name, transfer, at, and when later
  -- transfers of the Change are the agent's, how many and what they move: writes the
  -- entry, and its number under the name into the key, if there is one
  transfer = function(transfers, i, last)
    local n = call('HINCRBY', COUNTERS, 'entry', 1)
    local seq, balance, earned = 0, 0, '0'
    if last >= i + 2 then
      local ledger, earnings, at = key(), key(), ARGV[i + 2]
      seq, balance, earned = value(), value(), value() or '0'
      if last > i + 2 then
        seq = string.format('%.0f', seq - ARGV[i + 3])
        balance = string.format('%.0f', balance - ARGV[i + 4])
      end
      call('RPUSH', ledger, n)
      if earned ~= '0' then
        call('ZREMRANGEBYSCORE', earnings, at, '+inf')
        local newest = call('ZRANGE', earnings, -1, -1)[1]
        if not newest or string.match(newest, ':(.*)') ~= earned then
          call('ZADD', earnings, at, seq .. ':' .. earned)
        end
      end
    end
    call('XADD', ENTRIES, n .. '-0', 't', ARGV[i + 1], 's', seq, 'b', balance, 'e', earned)
    if transfers then call('HSET', transfers, ARGV[i], n) end
  end,

  -- [events; as row and field, whether the agent exists and is hooked] agent's id,
  -- at, event, due: writes the event under the next number of the agent, whose hash
  -- the key is, names it in the log of all, and queues it for its webhook
  event = function(agent, i)
    local events, exists, hooked = key(), value(), value()
    if not exists then return end
    local seq = call('HINCRBY', agent, 'ev', 1)
    local id, line = ARGV[i], ARGV[i + 1] .. ' ' .. ARGV[i + 2]
    call('RPUSH', events, line)
    call('XADD', LOG, call('HINCRBY', COUNTERS, 'event', 1) .. '-0', id, seq)
    if hooked == '1' then
      local job = id .. ':' .. seq
      call('ZADD', P .. 'hooks', ARGV[i + 3], job)
      call('HSET', P .. 'jobs', job, '0 0 ' .. line)
    end
  end,

  -- id, digest, whether the old key stays: makes a key the agent's, whose hash the key
  -- is, and the one that it has its old one, unless that stays
  rekey = function(agent, i)
    local id, digest, gone = ARGV[i], ARGV[i + 1], 'ko'
    if ARGV[i + 2] == '1' then gone = 'k' end
    local has = call('HMGET', agent, gone, 'k')
    if has[1] then call('HDEL', P .. 'keys', has[1]) end
    if gone == 'ko' and has[2] then call('HSET', agent, 'ko', has[2]) end
    call('HSET', agent, 'k', digest)
    call('HSET', P .. 'keys', digest, id)
  end,

  -- longest, at, count, items: appends to the feed
  feed = function(_, i)
    local n = call('HINCRBY', COUNTERS, 'feed', 1)
    call('XADD', FEED, 'MAXLEN', '~', ARGV[i], n .. '-0', 'a', ARGV[i + 1], 'c', ARGV[i + 2], 'i', ARGV[i + 3])
  end,

  -- [reports from whose zset, to whose] id, status, resolution: resolves a report
  resolve = function(report, i)
    call('HSET', report, 's', ARGV[i + 1], 'r', ARGV[i + 2])
    call('ZREM', key(), ARGV[i])
    call('ZADD', key(), call('HGET', report, 'n'), ARGV[i])
  end,

  -- [questions, messages]: deletes a task's need, context and talk, whose keys it
  -- finds on its way
  drop = function(task)
    call('HDEL', task, 'need', 'context')
    local questions, messages = key(), key()
    for _, id in ipairs(call('LRANGE', questions, 0, -1)) do call('DEL', P .. 'q:' .. id) end
    for _, element in ipairs(call('LRANGE', messages, 0, -1)) do
      local id, worker = string.match(element, '^(%S+) (.*)$')
      call('DEL', P .. 'msg:' .. id, messages .. ':' .. worker)
    end
    call('DEL', questions, messages)
  end,

  -- returns a task's texts
  texts = function(task)
    local has = call('HMGET', task, 'need', 'context')
    need, context = has[1], has[2]
  end,
}

local function read()
  local count = layout[l]
  rows, l = {}, l + 1
  for n = 1, count do
    local last = w + layout[l + 1]
    rows[n] = call('HMGET', KEYS[before + layout[l]], unpack(ARGV, w, last - 1))
    rows[n].key = KEYS[before + layout[l]]
    l, w = l + 2, last
  end
end

-- failing returns the number of the first guard that does not hold.
local function failing()
  local count = layout[l]
  l = l + 1
  for n = 1, count do
    local where, field = layout[l], layout[l + 1]
    if not guards[ARGV[w]](field > 0 and rows[where][field], ARGV[w + 1], KEYS[before + where]) then return n end
    l, w = l + 2, w + 2
  end
end

local function move()
  local count = layout[l]
  l = l + 1
  for _ = 1, count do
    local row, last, counters = rows[layout[l]], w + layout[l + 1], layout[l + 2]
    l = l + 3
    for n = 0, counters - 1 do
      local field, delta = layout[l + n], w + 1 + 2 * n
      row[field] = string.format('%.0f', (row[field] or 0) + ARGV[delta])
      ARGV[delta] = row[field]
    end
    call('HSET', row.key, unpack(ARGV, w, last - 1))
    l, w = l + counters, last
  end
end

local function take()
  while layout[l] do
    local name, on, first, last = ARGV[w], layout[l] > 0 and KEYS[before + layout[l]], w + 1, w + layout[l + 1]
    local step = steps[name]
    l = l + 2
    if step then step(on, first, last) else call(name, on, unpack(ARGV, first, last)) end
    w = last + 1
  end
end

local function commit()
  read()
  local failed = failing()
  if failed then return failed end
  numbers, need, context = {}, false, false
  move()
  take()
  return { numbers, need, context }
end

-- A Change that the server cannot carry out does not stop the others.
local function try()
  local ok, reply = pcall(commit)
  if ok then return reply end
  return type(reply) == 'table' and reply.err or tostring(reply)
end

-- unit tries the Changes of a unit, whose layouts and words end before stop.
local function unit(i, stop, first)
  local replies = {}
  while i < stop do
    layout, l, w = numbersOf(ARGV[i]), 3, i + 1
    local after, keys = w + layout[2], before + layout[1]
    local reply = try()
    replies[#replies + 1] = reply
    if first and type(reply) == 'table' then break end
    i, before = after, keys
  end
  return replies
end

local units, i, keys = {}, 1, 1
while ARGV[i] do
  local stop = i + 3 + ARGV[i + 2]
  before = keys
  units[#units + 1] = unit(i + 3, stop, ARGV[i] == 'first')
  keys = keys + ARGV[i + 1]
  i = stop
end
return units
