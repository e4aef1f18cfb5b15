-- Finds what is due, and when something will be due next.
--
-- KEYS[1]  due    KEYS[2]  hooks
-- ARGV[1]  now    ARGV[2]  how many tasks at most
--
-- Returns {{task, …}, the next instant at which a task is due, the first at which
-- a webhook delivery is}, the instants as texts or false.

local call = redis.call
local tasks = call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
local task = call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
local webhook = call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
-- A score may be printed with an exponent.
local function instant(score) return score and string.format('%.0f', tonumber(score)) end
return { tasks, instant(task) or false, instant(webhook) or false }
