/**
 * The part of the script that all its phases stand on: arguments, the ledger's sums, lanes.
 *
 * Keys behind the prefix:
 * `meta` schema, instance, next id, turn, pending · `job:<id>` what never changes of a job · `more:<id>` what does, and its
 * steps · `jobs:<line>` id → time of the living, `buried:<line>` ids of the dead, by line of the ledger · `lines` those that
 * have any · `lane:<lane>` ids with pool and suspicion; the head stays in while it runs or waits · `ready:<pool>`,
 * `suspects:<pool>` lanes with their turn · `pools` · `times` held lanes ("1<lane>") and delayed jobs ("2<id><pool>NUL<lane>") ·
 * `owned:<session>` id → line, digest, lane · `session:<id>`, `sessions` · `dead` id → time · `seen:<digest>` jobs that have not ended ·
 * `ledger` · `doubts` · `values`, `values:keys`, `values:until` · `budget:<key>`.
 *
 * A lane that is not empty is in exactly one place: a ready list, a session's hands, or `times`. Ids have 16 digits, so that
 * their order as text is their order. Fields inside a value are parted by NUL, which no text holds.
 *
 * Redis does not roll a script back. So nothing here may fail behind the first write: all numbers are checked before they
 * come, no key changes its type, and the refusals of Redis itself (memory, disk, replica) come at the first write.
 */
export const LANES = `
local call = redis.call
local Z = string.char(0)
local P = string.sub(KEYS[1], 1, -5)
local KEEP_MS = 72 * 3600000 + 60000

local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end

-- Each call costs more than its work: what nobody reads back in this phase is gathered, and written with a few.
local gathered = {}
local function later(command, key, one, two)
  local name = command .. (key or '')
  local words = gathered[name]
  if not words then
    words = key and { command, key } or { command }
    gathered[name] = words
  end
  words[#words + 1] = one
  words[#words + 1] = two
  if #words > 1000 then
    gathered[name] = nil
    call(unpack(words))
  end
end

local function flush()
  for _, words in pairs(gathered) do call(unpack(words)) end
  gathered = {}
end

-- No more than Lua can unpack at once.
local function many(command, key, ids, prefix)
  local found = {}
  for from = 1, #ids, 1000 do
    local words = key and { command, key } or { command }
    for i = from, math.min(from + 999, #ids) do words[#words + 1] = prefix .. ids[i] end
    for _, value in ipairs(call(unpack(words))) do found[#found + 1] = value end
  end
  return found
end

local counts = {}
local function count(line, column, by)
  local columns = counts[line]
  if not columns then
    columns = {}
    counts[line] = columns
  end
  columns[column] = (columns[column] or 0) + by
end

local turn, pending, nearest = 0, 0, nil
local made, knownPools, knownLines = {}, {}, {}

local function offer(lane, item)
  local pool = string.sub(item, 18)
  turn = turn + 1
  local list = string.sub(item, 17, 17) == '1' and 'suspects:' or 'ready:'
  call('RPUSH', P .. list .. pool, turn .. ' ' .. lane)
  if not knownPools[pool] then
    knownPools[pool] = true
    call('SADD', P .. 'pools', pool)
  end
  made[lane] = true
end

local function advance(lane)
  local item = call('LINDEX', P .. 'lane:' .. lane, 0)
  if item then offer(lane, item) end
end

local function hold(lane, untilTime, now)
  if tonumber(untilTime) <= now then return advance(lane) end
  call('ZADD', P .. 'times', untilTime, '1' .. lane)
  nearest = math.min(nearest or math.huge, tonumber(untilTime))
end

local function enter(id, flag, pool, lane)
  local item = id .. flag .. pool
  if call('RPUSH', P .. 'lane:' .. lane, item) == 1 then return item end
end

local function list(line, id, time)
  later('ZADD', P .. 'jobs:' .. line, time, id)
  if not knownLines[line] then
    knownLines[line] = true
    call('SADD', P .. 'lines', line)
  end
end

local function parse(owner)
  return string.match(owner, '^([^%z]*%z[^%z]*%z[^%z]*)%z([^%z]*)%z([^%z]*)')
end

local function ownerOf(job)
  return string.match(job, '^[^%z]*%z[^%z]*%z[^%z]*%z[^%z]*%z[^%z]*')
end

local function forget(digest)
  if digest == '' then return end
  local key = P .. 'seen:' .. digest
  if call('DECR', key) <= 0 then call('PEXPIRE', key, KEEP_MS) end
end

local function retire(session)
  local held = call('HGETALL', P .. 'owned:' .. session)
  local ids, owners = {}, {}
  for i = 1, #held, 2 do
    ids[#ids + 1] = held[i]
    owners[held[i]] = held[i + 1]
  end
  table.sort(ids)
  for _, id in ipairs(ids) do
    local _, _, lane = parse(owners[id])
    local more, key = P .. 'more:' .. id, P .. 'lane:' .. lane
    local attempts = call('HINCRBY', more, 'a', 1)
    local item = call('LINDEX', key, 0)
    if item then
      local flag = attempts - tonumber(call('HGET', more, 'f') or 0) >= 2 and '1' or '0'
      if string.sub(item, 17, 17) ~= flag then
        item = string.sub(item, 1, 16) .. flag .. string.sub(item, 18)
        call('LSET', key, 0, item)
      end
      offer(lane, item)
    end
  end
  call('DEL', P .. 'owned:' .. session)
  call('SREM', P .. 'sessions', session)
  call('HSET', P .. 'session:' .. session, 'gone', 1)
  call('PEXPIRE', P .. 'session:' .. session, KEEP_MS)
end
`;
