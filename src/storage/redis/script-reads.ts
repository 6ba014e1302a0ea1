/** Every read is a script too: one moment of the data, and one way over the wire. */
const READ = `
local call = redis.call
local P = string.sub(KEYS[1], 1, -5)
local function record(reply, id)
  local job = call('GET', P .. 'job:' .. id)
  if not job then return end
  reply[#reply + 1] = id
  reply[#reply + 1] = job
  reply[#reply + 1] = call('HGETALL', P .. 'more:' .. id)
  return job
end
`;

/** Answers id, beats, info of each session. */
export const SESSIONS: string = `${READ}
local reply = {}
for _, id in ipairs(call('SMEMBERS', P .. 'sessions')) do
  local known = call('HMGET', P .. 'session:' .. id, 'beats', 'info')
  if known[1] then
    reply[#reply + 1] = id
    reply[#reply + 1] = known[1]
    reply[#reply + 1] = known[2]
  end
end
return reply
`;

/** `limit`: answers id, job, details, state, time until which it holds its lane, of each. */
export const JOBS: string = `${READ}
local found = {}
for _, line in ipairs(call('SMEMBERS', P .. 'lines')) do
  local members = call('ZRANGE', P .. 'jobs:' .. line, 0, tonumber(ARGV[1]) - 1, 'WITHSCORES')
  for i = 1, #members, 2 do found[#found + 1] = { members[i], tonumber(members[i + 1]) } end
end
table.sort(found, function(a, b)
  if a[2] == b[2] then return a[1] < b[1] end
  return a[2] < b[2]
end)
local sessions = call('SMEMBERS', P .. 'sessions')
local reply = {}
for i = 1, math.min(#found, tonumber(ARGV[1])) do
  local id = found[i][1]
  local job = record(reply, id)
  if job then
    local lane, pool = string.match(job, '^[^%z]*%z[^%z]*%z[^%z]*%z[^%z]*%z([^%z]*)%z([^%z]*)')
    local state, heldUntil = 'waiting', '0'
    if call('ZSCORE', P .. 'times', '2' .. id .. pool .. string.char(0) .. lane) then
      state = 'delayed'
    else
      for _, session in ipairs(sessions) do
        if call('HEXISTS', P .. 'owned:' .. session, id) == 1 then state = 'running' end
      end
      local held = state == 'waiting' and call('ZSCORE', P .. 'times', '1' .. lane)
      local head = held and call('LINDEX', P .. 'lane:' .. lane, 0)
      if head and string.sub(head, 1, 16) == id then state, heldUntil = 'retrying', held end
    end
    reply[#reply + 1] = state
    reply[#reply + 1] = heldUntil
  end
end
return reply
`;

/** `limit`: answers id, job, details of each dead letter, the newest first. */
export const DEAD_LIST: string = `${READ}
local reply = {}
for _, id in ipairs(call('ZREVRANGE', P .. 'dead', 0, tonumber(ARGV[1]) - 1)) do record(reply, id) end
return reply
`;

/** An id: answers as `DEAD_LIST` does, of that one. */
export const DEAD_GET: string = `${READ}
local reply = {}
if call('ZSCORE', P .. 'dead', ARGV[1]) then record(reply, ARGV[1]) end
return reply
`;

/** Answers fields and counts of the ledger, then lines, living and dead. */
export const LEDGER: string = `${READ}
local standing = {}
for _, line in ipairs(call('SMEMBERS', P .. 'lines')) do
  standing[#standing + 1] = line
  standing[#standing + 1] = call('ZCARD', P .. 'jobs:' .. line)
  standing[#standing + 1] = call('SCARD', P .. 'buried:' .. line)
end
return { call('HGETALL', P .. 'ledger'), standing }
`;

/** A time: drops values that may go, and names of lines and pools that are empty. Answers 1 when there is more. */
export const SWEEP: string = `${READ}
local keys = call('ZRANGEBYSCORE', P .. 'values:until', '-inf', '(' .. ARGV[1], 'LIMIT', 0, 500)
for _, key in ipairs(keys) do
  call('ZREM', P .. 'values:until', key)
  call('ZREM', P .. 'values:keys', key)
  call('HDEL', P .. 'values', key)
end
if #keys == 500 then return 1 end
for _, line in ipairs(call('SMEMBERS', P .. 'lines')) do
  if call('EXISTS', P .. 'jobs:' .. line, P .. 'buried:' .. line) == 0 then call('SREM', P .. 'lines', line) end
end
for _, pool in ipairs(call('SMEMBERS', P .. 'pools')) do
  if call('EXISTS', P .. 'ready:' .. pool, P .. 'suspects:' .. pool) == 0 then call('SREM', P .. 'pools', pool) end
end
return 0
`;

/**
 * A name for new data, Redis's run id: answers schema, instance. A Redis that was started again may have forgotten its last
 * second (or be another's copy): ids begin anew far behind those it could have given out. A full one still lets us in.
 */
export const ENTER: string = `${READ}
local known = call('HMGET', KEYS[1], 'schema', 'instance', 'run')
if known[1] and known[1] ~= '1' then return known end
if known[2] then call('DEL', P .. 'nothing') else call('HSET', KEYS[1], 'schema', 1, 'instance', ARGV[1]) end
if known[3] and known[3] ~= ARGV[2] then call('HINCRBY', KEYS[1], 'ids', 1000000) end
if known[3] ~= ARGV[2] then call('HSET', KEYS[1], 'run', ARGV[2]) end
return call('HMGET', KEYS[1], 'schema', 'instance')
`;

/** Tries every command of the scripts. Answers what the first refusal was, or nothing. */
export const PROBE: string = `${READ}
local key, channel, refused = P .. 'probe', P .. 'wake', ''
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err and refused == '' and not string.find(reply.err, 'OOM ', 1, true) then
    refused = select(1, ...) .. ': ' .. reply.err
  end
end
call('DEL', key)
try('SET', key, '1', 'NX', 'PX', 60000)
try('GET', key)
try('INCR', key)
try('DECR', key)
try('PERSIST', key)
try('PEXPIRE', key, 60000)
try('EXISTS', key)
try('DEL', key)
try('HSET', key, 'a', 1)
try('HSETNX', key, 'a', 1)
try('HINCRBY', key, 'a', 1)
try('HGET', key, 'a')
try('HMGET', key, 'a')
try('HGETALL', key)
try('HEXISTS', key, 'a')
try('HDEL', key, 'a')
try('RPUSH', key, 'a')
try('LPUSH', key, 'a')
try('LSET', key, 0, 'b')
try('LINDEX', key, 0)
try('LRANGE', key, 0, 0)
try('LPOP', key)
try('DEL', key)
try('SADD', key, 'a')
try('SCARD', key)
try('SMEMBERS', key)
try('SREM', key, 'a')
try('ZADD', key, 1, 'a')
try('ZCARD', key)
try('ZSCORE', key, 'a')
try('ZRANGE', key, 0, 0)
try('ZREVRANGE', key, 0, 0)
try('ZRANGEBYSCORE', key, 0, 0)
try('ZRANGEBYLEX', key, '-', '+')
try('ZREMRANGEBYRANK', key, 0, 0)
try('ZREM', key, 'a')
try('TIME')
try('PUBLISH', channel, '')
return refused
`;
