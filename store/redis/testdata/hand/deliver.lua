-- ARGV  task, version, worker, result, now, review until, charged. Returns 1, or
--       what forbids it.

local id, worker, now = ARGV[1], ARGV[3], ARGV[5]
local task, account = P .. 't:' .. id, P .. 'a:' .. worker
local t = call('HMGET', task, 'v', 's', 'worker', 'poster', 'n', 'r1')
if t[1] ~= ARGV[2] or t[2] ~= 'claimed' or t[3] ~= worker then return 'not yours' end
if t[6] then return 'duplicate' end
local has = call('HMGET', account, 'x', 'open')
if has[1] ~= '0' then return 'suspended' end
local poster = t[4]

call('HSET', task, 'v', t[1] + 1, 's', 'delivered', 'delivered', now, 'review', ARGV[6], 'charged', ARGV[7], 'deliveries', 1,
  'r1', ARGV[4])
call('HSET', account, 'open', has[2] - 1)
move(poster, 'p', 'claimed', 'delivered', t[5], id)
move(worker, 'w', 'claimed', 'delivered', t[5], id)
due(id, ARGV[6], poster, worker)
count('claimed', 'delivered')
event(poster, call('HMGET', P .. 'a:' .. poster, 'ev', 'h'), 'task_delivered', id, now)
return 1
