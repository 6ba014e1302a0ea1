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
  local heads = {}
  local function head(key)
    if heads[key] == nil then heads[key] = call('LINDEX', key, 0) end
    return heads[key]
  end
  local function shift(name)
    local key, best = nil, nil
    for _, pool in ipairs(pools) do
      local item = head(P .. name .. pool)
      local itsTurn = item and tonumber(string.match(item, '^%d+'))
      if itsTurn and (not best or itsTurn < best) then key, best = P .. name .. pool, itsTurn end
    end
    if not key then return nil end
    local item = heads[key]
    call('LPOP', key)
    heads[key] = nil
    return string.sub(item, string.find(item, ' ', 1, true) + 1)
  end
  local function claim(lane)
    made[lane] = nil
    local item = call('LINDEX', P .. 'lane:' .. lane, 0)
    if not item then return end
    local id = string.sub(item, 1, 16)
    local job = call('GET', P .. 'job:' .. id)
    if not job then
      -- Somebody deleted its key: the audit says so, and the lane goes on.
      call('LPOP', P .. 'lane:' .. lane)
      heads = {}
      return advance(lane)
    end
    call('HSET', owned, id, ownerOf(job))
    claimed[#claimed + 1] = id
    give(id, job)
  end

  if mayTakeSuspect then
    local lane = shift('suspects:')
    if lane then claim(lane) end
  end
  while #claimed < wanted do
    local lane = shift('ready:')
    if not lane then break end
    claim(lane)
  end
end

if isLeaving then retire(session) end
`;
