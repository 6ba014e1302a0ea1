import { LANES } from "./script-lanes.ts";

/** What a move to or from another storage asks of Redis. */
const READ = `
local call = redis.call
local P = string.sub(KEYS[1], 1, -5)
local reply = {}
local function record(id)
  local job = call('GET', P .. 'job:' .. id)
  if not job then return nil end
  reply[#reply + 1] = id
  reply[#reply + 1] = job
  reply[#reply + 1] = call('HGETALL', P .. 'more:' .. id)
  return job
end
local function lane(name, from, count)
  for _, item in ipairs(call('LRANGE', P .. 'lane:' .. name, from, from + count - 1)) do record(string.sub(item, 1, 16)) end
end
`;

/**
 * A line of the ledger, a place in it, a count: of so many of its jobs those that are the first of their lanes, with those
 * behind them. Answers how many were looked at, then a list for each such lane: its name, its length, until when it is held,
 * and id, job, details of its first jobs.
 */
export const HEADS: string = `${READ}
local found = call('ZRANGE', P .. 'jobs:' .. ARGV[1], ARGV[2], tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1)
local lanes = { #found }
for _, id in ipairs(found) do
  local job = call('GET', P .. 'job:' .. id)
  local name = job and string.match(job, '^[^%z]*%z[^%z]*%z[^%z]*%z[^%z]*%z([^%z]*)')
  local head = name and call('LINDEX', P .. 'lane:' .. name, 0)
  if head and string.sub(head, 1, 16) == id then
    reply = { name, call('LLEN', P .. 'lane:' .. name), call('ZSCORE', P .. 'times', '1' .. name) or '0' }
    lane(name, 0, 20)
    lanes[#lanes + 1] = reply
  end
end
return lanes
`;

/** How many of a lane are in the answer of `HEADS`. */
export const FIRST_OF_LANE = 20;

/** A lane, a place in it, a count: answers id, job, details of each. */
export const LANE: string = `${READ}
lane(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]))
return reply
`;

/** A place, a count: answers how many were looked at, then id, job, details of the delayed jobs among them. */
export const DELAYED: string = `${READ}
local found = call('ZRANGE', P .. 'times', ARGV[1], tonumber(ARGV[1]) + tonumber(ARGV[2]) - 1)
reply[1] = #found
for _, member in ipairs(found) do
  if string.sub(member, 1, 1) == '2' then record(string.sub(member, 2, 17)) end
end
return reply
`;

/** A place, a count: answers id, job, details of dead letters. */
export const DEAD: string = `${READ}
for _, id in ipairs(call('ZRANGE', P .. 'dead', ARGV[1], tonumber(ARGV[1]) + tonumber(ARGV[2]) - 1)) do record(id) end
return reply
`;

/** Digests: answers for each how many ms it has left; -1 while jobs want it, -2 when it is gone. */
export const LEFT: string = `${READ}
for i, digest in ipairs(ARGV) do reply[i] = call('PTTL', P .. 'seen:' .. digest) end
return reply
`;

/** A range by text and a count: answers key, value, time of each. */
export const VALUES: string = `${READ}
for _, key in ipairs(call('ZRANGEBYLEX', P .. 'values:keys', ARGV[1], '+', 'LIMIT', 0, ARGV[2])) do
  reply[#reply + 1] = key
  reply[#reply + 1] = call('HGET', P .. 'values', key)
  reply[#reply + 1] = call('ZSCORE', P .. 'values:until', key) or ''
end
return reply
`;

/** Answers how many values and doubts there are. */
export const SIZES: string = `${READ}
return { call('HLEN', P .. 'values'), call('LLEN', P .. 'doubts') }
`;

/** Takes over a list of a dump; the arguments are `encodeLoad`'s. What is there already is passed over. */
export const LOAD: string = `${LANES}
local now = tonumber(take())
call('HSETNX', KEYS[1], 'schema', 1)
local meta = call('HMGET', KEYS[1], 'turn', 'pending', 'ids')
turn, pending = tonumber(meta[1] or 0), tonumber(meta[2] or 0)

local instance, ids = take(), take()
if instance ~= '' then
  call('HSET', KEYS[1], 'instance', instance)
  if tonumber(meta[3] or 0) < tonumber(ids) then call('HSET', KEYS[1], 'ids', ids) end
end

local function details(id)
  local more = P .. 'more:' .. id
  for i = 1, tonumber(take()) do call('HSET', more, take(), take()) end
end

for i = 1, tonumber(take()) do
  local id, line, digest, lane, pool, time, heldUntil = take(), take(), take(), take(), take(), take(), take()
  local isDelayed, flag, text = take() == '1', take(), take()
  if call('SETNX', P .. 'job:' .. id, text) == 1 then
    details(id)
    list(line, id, time)
    pending = pending + 1
    if digest ~= '' then
      call('INCR', P .. 'seen:' .. digest)
      call('PERSIST', P .. 'seen:' .. digest)
    end
    if isDelayed then
      call('ZADD', P .. 'times', time, '2' .. id .. pool .. Z .. lane)
    else
      local item = enter(id, flag, pool, lane)
      if item and tonumber(heldUntil) > now then
        call('ZADD', P .. 'times', heldUntil, '1' .. lane)
      elseif item then
        offer(lane, item)
      end
    end
  else
    at = at + 1 + 2 * tonumber(ARGV[at + 1])
  end
end

for i = 1, tonumber(take()) do
  local id, line, diedAt, text = take(), take(), take(), take()
  if call('SETNX', P .. 'job:' .. id, text) == 1 then
    details(id)
    call('ZADD', P .. 'dead', diedAt, id)
    call('SADD', P .. 'buried:' .. line, id)
    call('SADD', P .. 'lines', line)
  else
    at = at + 1 + 2 * tonumber(ARGV[at + 1])
  end
end

for i = 1, tonumber(take()) do call('SET', P .. 'seen:' .. take(), 0, 'NX', 'PX', take()) end

for i = 1, tonumber(take()) do
  local key, value, time = take(), take(), take()
  if call('HSETNX', P .. 'values', key, value) == 1 then
    call('ZADD', P .. 'values:keys', 0, key)
    if time ~= '' then call('ZADD', P .. 'values:until', time, key) end
  end
end

for i = 1, tonumber(take()) do call('HSETNX', P .. 'ledger', take(), take()) end
for i = 1, tonumber(take()) do call('LPUSH', P .. 'doubts', take()) end

flush()
call('HSET', KEYS[1], 'turn', turn, 'pending', pending)
if next(made) then call('PUBLISH', P .. 'wake', '') end
return 1
`;
