-- Takes webhook deliveries that are due, and drops those of agents that are not
-- callable.
--
-- KEYS[1]  prefix
-- ARGV[1]  now    ARGV[2]  when they are due again    ARGV[3]  how many
--
-- Returns {{"agent:seq", "attempts lease at event", profile}, …}.

local HOOKS, JOBS = P .. 'hooks', P .. 'jobs'
local wanted, taken = tonumber(ARGV[3]), {}

local function take(job)
  local id = string.match(job, '^(.*):%d+$')
  local has = call('HMGET', P .. 'a:' .. id, 'p', 'c')
  local line = call('HGET', JOBS, job)
  if not line or has[2] ~= '1' then
    call('ZREM', HOOKS, job)
    call('HDEL', JOBS, job)
    return
  end
  local attempts, rest = string.match(line, '^(%d+) %d+ (.*)$')
  local lease = call('HINCRBY', P .. 'counters', 'lease', 1)
  line = attempts .. ' ' .. lease .. ' ' .. rest
  call('HSET', JOBS, job, line)
  call('ZADD', HOOKS, ARGV[2], job)
  taken[#taken + 1] = { job, line, has[1] }
end

-- A few rounds, so that dropped ones do not hide others that are due.
for _ = 1, 5 do
  local jobs = {}
  if #taken < wanted then
    jobs = call('ZRANGEBYSCORE', HOOKS, '-inf', ARGV[1], 'LIMIT', 0, wanted - #taken)
  end
  if #jobs == 0 or tonumber(ARGV[2]) <= tonumber(ARGV[1]) and #taken > 0 then break end
  for _, job in ipairs(jobs) do take(job) end
end
return taken
