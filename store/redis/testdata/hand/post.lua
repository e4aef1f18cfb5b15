-- ARGV  task, poster, credits, tags, need, context, now, expires, entry, length of
--       the feed. Returns the task's number, or what forbids it.

local id, poster, credits, now = ARGV[1], ARGV[2], ARGV[3], ARGV[7]
local account, task = P .. 'a:' .. poster, P .. 't:' .. id
local has = call('HMGET', account, 'x', 'bal', 'esc', 'posted', 'le')
if has[1] ~= '0' then return 'suspended' end
local balance, seq = has[2] - credits, has[5] + 1
if balance < 0 then return 'too few credits' end
if call('EXISTS', task) == 1 then return 'duplicate' end

local n = call('INCR', P .. 'n')
call('HSET', task, 'n', n, 'v', 1, 's', 'posted', 'poster', poster, 'credits', credits, 'tags', ARGV[4], 'created', now,
  'expires', ARGV[8], 'need', ARGV[5], 'context', ARGV[6], 'escrow', seq)
call('HSET', account, 'bal', balance, 'esc', has[3] + credits, 'posted', has[4] + 1, 'le', seq)
entry(poster, ARGV[9], poster, 'escrow:' .. id, credits, 'escrow', id, now, balance)
call('ZADD', P .. 'tasks', n, id)
call('ZADD', P .. 'open', n, id)
call('ZADD', P .. 'o:' .. poster .. ':p:posted', n, id)
due(id, ARGV[8], poster)
call('HINCRBY', P .. 'totals', 'posted', 1)
call('HINCRBY', P .. 'totals', 'escrowed', credits)
call('XADD', P .. 'feed', 'MAXLEN', '~', ARGV[10], '*', 't', id, 'v', 1, 'o', 1)
return n
