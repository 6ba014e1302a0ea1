/** Lets in what has come due, claims lanes, and takes leave. */
export const CLAIMS = `
local wanted, mayTakeSuspect, isLeaving = tonumber(take()), take() == '1', take() == '1'

if wanted > 0 then
  -- So many at a time: Redis serves nobody else meanwhile. The rest keeps nextAt in the past.
  local due = call('ZRANGEBYSCORE', P .. 'times', '-inf', now, 'LIMIT', 0, 2000)
  if #due > 0 then call('ZREMRANGEBYRANK', P .. 'times', 0, #due - 1) end
  for _, member in ipairs(due) do
    if string.sub(member, 1, 1) == '1' then
      advance(string.sub(member, 2))
    else
      local id, pool, lane = string.match(member, '^2(' .. string.rep('%d', 16) .. ')([^%z]*)%z(.*)$')
      local item = enter(id, '0', pool, lane)
      if item then offer(lane, item) end
    end
  end

  pools = pools or call('SMEMBERS', P .. 'pools')
  local lanes = {}
  local function push(item) lanes[#lanes + 1] = string.sub(item, string.find(item, ' ', 1, true) + 1) end
  -- Of several lists, the lane that waits the longest; of one, all at once.
  local function shift(name, most)
    if #pools == 1 and most > 0 then
      for _, item in ipairs(call('LPOP', P .. name .. pools[1], most) or {}) do push(item) end
      return
    end
    local heads = {}
    for i = 1, #pools do heads[i] = call('LINDEX', P .. name .. pools[i], 0) end
    for _ = 1, most do
      local best, bestTurn = nil, nil
      for i = 1, #pools do
        local itsTurn = heads[i] and tonumber(string.match(heads[i], '^%d+'))
        if itsTurn and (not best or itsTurn < bestTurn) then best, bestTurn = i, itsTurn end
      end
      if not best then return end
      push(heads[best])
      call('LPOP', P .. name .. pools[best])
      heads[best] = call('LINDEX', P .. name .. pools[best], 0)
    end
  end
  if mayTakeSuspect then shift('suspects:', 1) end
  shift('ready:', wanted - #lanes)

  local ids, held = {}, {}
  for _, lane in ipairs(lanes) do
    made[lane] = nil
    local item = call('LINDEX', P .. 'lane:' .. lane, 0)
    if item then
      ids[#ids + 1] = string.sub(item, 1, 16)
      held[#held + 1] = lane
    end
  end
  local jobs = many('MGET', nil, ids, P .. 'job:')
  for i, id in ipairs(ids) do
    if jobs[i] then
      later('HSET', owned, id, ownerOf(jobs[i]))
      claimed[#claimed + 1] = id
      give(id, jobs[i])
    else
      -- Somebody deleted its key: it is no longer counted as stored, so the audit tells, and the lane goes on.
      for _, line in ipairs(call('SMEMBERS', P .. 'lines')) do
        pending = pending - call('ZREM', P .. 'jobs:' .. line, id)
      end
      call('LPOP', P .. 'lane:' .. held[i])
      advance(held[i])
    end
  end
  flush()
end

if isLeaving then retire(session) end
`;
