-- ARGV  task, version, worker, now, until, most open claims, length of the feed.
--       Returns {need, context}, or what forbids it.

local id, worker, now = ARGV[1], ARGV[3], ARGV[4]
local task, account = P .. 't:' .. id, P .. 'a:' .. worker
local t = call('HMGET', task, 'v', 's', 'poster', 'n', 'role:' .. worker, 'need', 'context')
if t[1] ~= ARGV[2] or t[2] ~= 'posted' then return 'taken' end
if t[5] and t[5] ~= 'worker' then return 'other role' end
local has = call('HMGET', account, 'x', 'open')
local poster = t[3]
local told = call('HMGET', P .. 'a:' .. poster, 'ev', 'h', 'x')
if has[1] ~= '0' or told[3] ~= '0' then return 'suspended' end
if has[2] + 1 > tonumber(ARGV[6]) then return 'too many claims' end

local version = t[1] + 1
call('HSET', task, 'v', version, 's', 'claimed', 'worker', worker, 'claimed', now, 'until', ARGV[5], 'claims', 1,
  'role:' .. worker, 'worker')
call('HSET', account, 'open', has[2] + 1)
call('ZREM', P .. 'open', id)
move(poster, 'p', 'posted', 'claimed', t[4], id)
call('ZADD', P .. 'o:' .. worker .. ':w:claimed', t[4], id)
due(id, ARGV[5], poster, worker)
count('posted', 'claimed')
event(poster, told, 'task_claimed', id, now)
call('XADD', P .. 'feed', 'MAXLEN', '~', ARGV[7], '*', 't', id, 'v', version, 'o', 0)
return { t[6], t[7] }
