/** Steps, verdicts, new jobs, values, dead letters, counts, doubts, budgets: in the order of `Batch`. */
export const WRITES = `
for i = 1, tonumber(take()) do
  local id, key, value = take(), take(), take()
  if call('HEXISTS', owned, id) == 1 then call('HSET', P .. 'more:' .. id, 's' .. key, value) end
end

local added, direct, written, found, waits = {}, {}, {}, {}, {}
local directLeft = 0

local function store(digest)
  local id, lane, pool, line, time, rest = take(), take(), take(), take(), take(), take()
  local owner = line .. Z .. digest .. Z .. lane
  later('MSET', nil, P .. 'job:' .. id, owner .. Z .. rest)
  list(line, id, time)
  count(line, 'received', 1)
  pending = pending + 1
  if tonumber(time) > now then
    call('ZADD', P .. 'times', time, '2' .. id .. pool .. Z .. lane)
    nearest = math.min(nearest or math.huge, tonumber(time))
    return
  end
  local item = enter(id, '0', pool, lane)
  if not item then return end
  if directLeft > 0 and (not served or served[pool]) then
    directLeft = directLeft - 1
    later('HSET', owned, id, owner)
    direct[#direct + 1] = id
  else
    offer(lane, item)
  end
end

local function add(isWanted)
  local digest, jobs = take(), tonumber(take())
  if not isWanted then
    at = at + jobs * 6
    return false
  end
  if digest ~= '' then
    local key, isNew = P .. 'seen:' .. digest, nil
    if jobs > 0 then isNew = call('SET', key, jobs, 'NX') else isNew = call('SET', key, 0, 'NX', 'PX', KEEP_MS) end
    if not isNew then
      for i = 1, jobs do
        count(ARGV[at + 4], 'duplicates', 1)
        at = at + 6
      end
      return false
    end
  end
  for i = 1, jobs do store(digest) end
  return true
end

local ending = {}
for i = 1, tonumber(take()) do ending[i] = take() end
local owners = many('HMGET', owned, ending, '')
for i, id in ipairs(ending) do
  local kind = take()
  local owner = owners[i]
  local job, more = P .. 'job:' .. id, P .. 'more:' .. id
  local line, digest, lane
  if owner then
    line, digest, lane = parse(owner)
    later('HDEL', owned, id)
  end
  if kind == 'release' then
    local time = take()
    if owner then hold(lane, time, now) end
  elseif kind == 'retry' then
    local time, errors = take(), take()
    if owner then
      call('HINCRBY', more, 'a', 1)
      call('HINCRBY', more, 'f', 1)
      call('HSET', more, 'e', errors)
      hold(lane, time, now)
    end
  else
    local errors = kind == 'dead' and take()
    if owner then
      call('LPOP', P .. 'lane:' .. lane)
      later('ZREM', P .. 'jobs:' .. line, id)
      forget(digest)
      pending = pending - 1
      if errors then
        call('HINCRBY', more, 'a', 1)
        call('HINCRBY', more, 'f', 1)
        call('HSET', more, 'e', errors, 'd', now)
        call('ZADD', P .. 'dead', now, id)
        call('SADD', P .. 'buried:' .. line, id)
      else
        later('DEL', nil, job, more)
        count(line, 'done', 1)
      end
      advance(lane)
    end
    for j = 1, tonumber(take()) do add(owner) end
  end
end
flush()

local adds = tonumber(take())
directLeft = tonumber(take())
for i = 1, adds do added[i] = add(true) and '1' or '0' end
directLeft = 0
flush()

for i = 1, tonumber(take()) do
  local key, expected, untilTime, value = take(), take(), take(), take()
  local isWritten = expected == '*'
  if not isWritten then
    local current = call('HGET', P .. 'values', key)
    isWritten = expected == (current and '=' .. current or '')
  end
  if isWritten and value == '' then
    isWritten = call('HDEL', P .. 'values', key) == 1
    call('ZREM', P .. 'values:keys', key)
    call('ZREM', P .. 'values:until', key)
  elseif isWritten then
    if call('HSET', P .. 'values', key, string.sub(value, 2)) == 1 then call('ZADD', P .. 'values:keys', 0, key) end
    if untilTime == '' then
      call('ZREM', P .. 'values:until', key)
    else
      call('ZADD', P .. 'values:until', untilTime, key)
    end
  end
  written[i] = isWritten and '1' or '0'
end

for i = 1, tonumber(take()) do
  local kind, id, payload = take(), take(), take()
  local key, more = P .. 'job:' .. id, P .. 'more:' .. id
  local job = call('ZSCORE', P .. 'dead', id) and call('GET', key)
  found[i] = job and '1' or '0'
  if job and kind == 'edit' then
    call('SET', key, string.match(job, '^(.*%z)') .. payload)
  elseif job then
    local line, digest, lane = parse(job)
    call('ZREM', P .. 'dead', id)
    call('SREM', P .. 'buried:' .. line, id)
    if kind == 'discard' then
      call('DEL', key, more)
      count(line, 'discarded', 1)
    else
      local pool = string.match(job, '^([^%z]*)', #line + #digest + #lane + 4)
      local tried = call('HMGET', more, 'a', 'f')
      local lost = tonumber(tried[1] or 0) - tonumber(tried[2] or 0)
      call('HSET', more, 'a', 0, 'f', 0 - lost, 'r', now)
      call('HDEL', more, 'e', 'd')
      if digest ~= '' then
        call('INCR', P .. 'seen:' .. digest)
        call('PERSIST', P .. 'seen:' .. digest)
      end
      list(line, id, now)
      pending = pending + 1
      local item = enter(id, lost >= 2 and '1' or '0', pool, lane)
      if item then offer(lane, item) end
    end
  end
end
flush()

for i = 1, tonumber(take()) do
  local line, column, by = take(), take(), take()
  count(line, column, tonumber(by))
end

for i = 1, tonumber(take()) do call('LPUSH', P .. 'doubts', take()) end

local budgets = tonumber(take())
local time = budgets > 0 and call('TIME')
local clock = time and tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
for i = 1, budgets do
  local key, interval, burst, pause = P .. 'budget:' .. take(), tonumber(take()), tonumber(take()), tonumber(take())
  local full, paused = string.match(call('GET', key) or '0 0', '^(%S+) (%S+)$')
  full, paused = tonumber(full), math.max(tonumber(paused), clock + pause)
  local earliest = math.max(clock, paused)
  local use = earliest
  if interval > 0 then
    full = math.max(full, earliest)
    use = math.max(earliest, full - (burst - 1) * interval)
    full = full + interval
  end
  waits[i] = string.format('%.0f', math.ceil(use - clock))
  local keep = math.max(full, paused) - clock
  if keep > 0 then call('SET', key, string.format('%.3f %.3f', full, paused), 'PX', string.format('%.0f', math.ceil(keep))) end
end
`;
