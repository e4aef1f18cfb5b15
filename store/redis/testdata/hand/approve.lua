-- ARGV  task, version, poster, stars, now, fee, trust, how often the two have met,
--       entry of the payment, entry of the fee, length of the feed, tags.
--       Returns 1, or what forbids it.

local id, poster, stars, now, fee, trust, met = ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local task, account = P .. 't:' .. id, P .. 'a:' .. poster
local t = call('HMGET', task, 'v', 's', 'poster', 'worker', 'credits', 'n', 'payment')
if t[1] ~= ARGV[2] or t[2] ~= 'delivered' or t[3] ~= poster then return 'not yours' end
if t[7] then return 'paid' end
local worker, credits, n = t[4], t[5], t[6]
local has = call('HMGET', account, 'x', 'esc', 'spent')
if has[1] ~= '0' then return 'suspended' end

local function before(from, to)
  return tonumber(string.match(call('HGET', P .. 'tf:' .. from, to) or '0', '^%d+'))
end
if before(poster, worker) ~= met - 1 or before(worker, poster) ~= met - 1 then return 'met meanwhile' end

local function write(from, to)
  local line = met .. ' ' .. trust .. ' ' .. now
  call('HSET', P .. 'tf:' .. from, to, line)
  call('HSET', P .. 'tt:' .. to, from, line)
  call('ZADD', P .. 'tr:' .. from, -trust, to)
end

-- done adds to what the worker did with each tag.
local function done(who, paid, stars)
  local names, fields, more = {}, {}, { 1, paid, stars, 1 }
  for i = 12, #ARGV do
    for _, letter in ipairs({ 'c:', 'e:', 's:', 'n:' }) do names[#names + 1] = letter .. ARGV[i] end
  end
  local had = call('HMGET', P .. 'g:' .. who, unpack(names))
  for i, name in ipairs(names) do
    fields[#fields + 1] = name
    fields[#fields + 1] = (had[i] or 0) + more[(i - 1) % 4 + 1]
  end
  call('HSET', P .. 'g:' .. who, unpack(fields))
end

local paid, theirs = credits - fee, P .. 'a:' .. worker
local w = call('HMGET', theirs, 'bal', 'earn', 'done', 'rs', 'rc', 'le', 'fees', 'chg', 'ev', 'h')
local balance, earned, seq = w[1] + paid, w[2] + paid, w[6] + 1
call('HSET', task, 'v', t[1] + 1, 's', 'approved', 'ended', now, 'charged', credits, 'fee', fee, 'rating', stars, 'payment', seq)
call('HSET', theirs, 'bal', balance, 'earn', earned, 'done', w[3] + 1, 'rs', w[4] + stars, 'rc', w[5] + 1, 'le', seq,
  'fees', w[7] + fee, 'chg', w[8] + credits)
call('HSET', account, 'esc', has[2] - credits, 'spent', has[3] + credits)
entry(worker, ARGV[9], 'escrow:' .. id, worker, paid, 'payment', id, now, balance, earned, fee)
entry('platform', ARGV[10], 'escrow:' .. id, 'platform', fee, 'platform_fee', id, now)
move(poster, 'p', 'delivered', 'approved', n, id)
move(worker, 'w', 'delivered', 'approved', n, id)
call('ZREM', P .. 'due', id)
call('ZREM', P .. 'd:' .. poster, id)
call('ZREM', P .. 'd:' .. worker, id)
call('ZADD', P .. 'ended', now, id)
count('delivered', 'approved')
call('HINCRBY', P .. 'totals', 'escrowed', -credits)
done(worker, paid, stars)
write(poster, worker)
write(worker, poster)
event(worker, { w[9], w[10] }, 'task_approved', id, now)
call('XADD', P .. 'feed', 'MAXLEN', '~', ARGV[11], '*', 'a', worker, 'f', poster, 't', worker, 'r', trust, 'i', met)
return 1
