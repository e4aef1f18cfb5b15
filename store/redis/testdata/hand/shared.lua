-- A marketplace written by hand for Redis: the counterpart of BenchmarkHand. It
-- keeps the same facts of each step as the store does, under the same guards, and
-- nothing else: one script a step, plain arguments, as few commands as they take.
-- This piece is put before each of them. KEYS[1] is the prefix of all keys:
--
--   n, tasks, open, due, ended     the last number of a task; zsets of tasks by
--                                  number, of the open ones, by instant
--   feed, totals                   stream of what changed; tasks by status, escrow
--   a:agent                        hash: the account and the last numbers of its
--                                  entries and events
--   l:agent, e:agent               lists of entries (both sides of each) and events
--   o:agent:role:status, d:agent   zsets of an agent's tasks by number, and by due
--   g:agent                        hash of what it did with each tag
--   tf:, tt:, tr:agent             trust in others, of others, and its ranking
--   t:task                         hash: the task, its texts, its roles and the
--                                  numbers of its entries

local P, call, ARGV = KEYS[1], redis.call, ARGV

-- entry writes a movement into the agent's ledger, or the platform's.
local function entry(agent, ...)
  call('RPUSH', P .. 'l:' .. agent, table.concat({ ... }, ' '))
end

-- event tells the agent, whose row is {last number, hooked}.
local function event(agent, row, kind, task, at)
  local seq, line = row[1] + 1, at .. ' ' .. kind .. ' ' .. task
  call('HSET', P .. 'a:' .. agent, 'ev', seq)
  call('RPUSH', P .. 'e:' .. agent, line)
  if row[2] == '1' then
    call('ZADD', P .. 'hooks', at, agent .. ':' .. seq)
    call('HSET', P .. 'jobs', agent .. ':' .. seq, line)
  end
end

-- move takes a party's task from the list of one status to that of another.
local function move(agent, role, from, to, n, task)
  call('ZREM', P .. 'o:' .. agent .. ':' .. role .. ':' .. from, task)
  call('ZADD', P .. 'o:' .. agent .. ':' .. role .. ':' .. to, n, task)
end

local function count(from, to)
  call('HINCRBY', P .. 'totals', from, -1)
  call('HINCRBY', P .. 'totals', to, 1)
end

-- due says when a timer has to touch the task, for all and for its parties.
local function due(task, at, poster, worker)
  call('ZADD', P .. 'due', at, task)
  call('ZADD', P .. 'd:' .. poster, at, task)
  if worker then call('ZADD', P .. 'd:' .. worker, at, task) end
end
