import { CLAIMS } from "./script-claims.ts";
import { LANES } from "./script-lanes.ts";
import { WRITES } from "./script-writes.ts";

// A batch without new jobs is let through also when Redis has no memory left: verdicts make room. Redis asks at the first
// write alone, so that one decides: HSETNX is refused then, DEL is not, and neither changes anything.
const BEGIN = `
local session, batch, now = take(), take(), tonumber(take())
local sessionKey, owned = P .. 'session:' .. session, P .. 'owned:' .. session
local hello, growing = take(), take()

local reply = { 1, '' }
local claimed = {}
local function give(id, job)
  reply[#reply + 1] = id
  reply[#reply + 1] = job
  reply[#reply + 1] = call('HGETALL', P .. 'more:' .. id)
end

local known = call('HMGET', sessionKey, 'beats', 'gone', 'outcome')
if known[1] == batch then
  reply[2] = known[3]
  if known[2] then reply[2] = string.gsub(known[3], '^([01]*;)[^;]*', '%1', 1) end
  for id in string.gmatch(string.match(known[3], '^[^;]*;[^;]*;([^;]*)'), '%d+') do
    local job = call('HEXISTS', owned, id) == 1 and call('GET', P .. 'job:' .. id)
    if job then give(id, job) end
  end
  return reply
end
if known[1] then
  if known[2] or tonumber(known[1]) + 1 ~= tonumber(batch) then return { 0, '' } end
elseif hello == '' then
  return { 0, '' }
end

if growing == '1' then call('HSETNX', KEYS[1], 'schema', 1) else call('DEL', P .. 'nothing') end
if not known[1] then
  call('HSET', sessionKey, 'info', string.sub(hello, 2))
  call('SADD', P .. 'sessions', session)
end
local meta = call('HMGET', KEYS[1], 'turn', 'pending')
turn, pending = tonumber(meta[1] or 0), tonumber(meta[2] or 0)
local turnBefore, pendingBefore = turn, pending

local pools, served = nil, nil
local poolCount = tonumber(take())
if poolCount >= 0 then
  pools, served = {}, {}
  for i = 1, poolCount do
    pools[i] = take()
    served[pools[i]] = true
  end
end

for i = 1, tonumber(take()) do
  local id, beats = take(), take()
  local other = call('HMGET', P .. 'session:' .. id, 'beats', 'gone')
  if id ~= session and other[1] == beats and not other[2] then retire(id) end
end
`;

const FINISH = `
for line, columns in pairs(counts) do
  for column, by in pairs(columns) do call('HINCRBY', P .. 'ledger', line .. Z .. column, by) end
end
if turn ~= turnBefore or pending ~= pendingBefore then call('HSET', KEYS[1], 'turn', turn, 'pending', pending) end

local first = call('ZRANGE', P .. 'times', 0, 0, 'WITHSCORES')
local nextAt = first[2] or '0'
if next(made) or (nearest and nearest <= tonumber(nextAt)) then call('PUBLISH', P .. 'wake', session) end

reply[2] = table.concat({
  table.concat(added), table.concat(direct, ','), table.concat(claimed, ','), table.concat(written), table.concat(found),
  table.concat(waits, ','), nextAt, pending
}, ';')
call('HSET', sessionKey, 'beats', batch, 'outcome', reply[2])
return reply
`;

/** Applies a batch (see `encodeBatch`), once: the whole of `Backend.apply`. */
export const APPLY: string = LANES + BEGIN + WRITES + CLAIMS + FINISH;
