-- Adds to records and tells what stood in them before. Layout 1.
--
-- KEYS: the records. ARGV[1]: 1 where what stood before is wanted, 2 more where a key may come twice, and 4 more where each time tells what stood then. Then sections: a head of 16 bytes (kind, parts,
-- how many keys, moment, expiry, how many arguments) and its arguments. It knows rings of absolute time and nothing of what is counted in them.
local call, word, floor, sub = redis.call, struct.unpack, math.floor, string.sub
local band, format = bit.band, string.format
local olds = call('MGET', unpack(KEYS))
local ZERO
local texts = {}
local EPOCH, BEGIN, SLOT = {3600, 43200, 518400}, {4, 52, 100}, {24, 24, 32}
local skip

-- A whole number as commands take it: they would write it by way of a fraction.
local function text(n)
  local own = texts[n]
  if not own then
    own = format('%d', n)
    texts[n] = own
  end
  return own
end

local function zeros(n)
  ZERO = ZERO or string.rep('\0', 1348)
  return sub(ZERO, 1, n)
end

local function leave(from, to)
  skip = skip or {}
  skip[#skip + 1] = {from, to}
end

-- Moves the sums of a record on to a moment: whether the moment is newer than its newest, and whether anything was emptied.
local function touch(key, old, base, at)
  local newest = word('>I4', old, base + 1)
  if floor(newest / 3600) == floor(at / 3600) then return at > newest, false end
  if newest > at + 86400 then
    call('SETRANGE', key, base, zeros(164))
    return true, true
  end
  for h = 1, 3 do
    local from, to, begin = floor(newest / EPOCH[h]), floor(at / EPOCH[h]), base + BEGIN[h]
    if newest == 0 then
    elseif to > from + 1 then call('SETRANGE', key, begin, zeros(2 * SLOT[h]))
    elseif to > from then call('SETRANGE', key, begin + to % 2 * SLOT[h], zeros(SLOT[h]))
    elseif from > to + 1 then leave(begin, begin + 2 * SLOT[h]) end
  end
  return at > newest, at > newest and newest > 0
end

-- The same for the week of buckets: the number that the newest gets, or nothing.
local function week(key, old, at)
  local head, own = word('>I4', old, 333), floor(at / 21600)
  if head == own then return end
  if head > own + 4 or own >= head + 28 then
    if head > 0 then call('SETRANGE', key, 340, zeros(560)) end
    return own
  end
  if own > head then
    for bucket = head + 1, own do call('SETRANGE', key, 340 + bucket % 28 * 20, zeros(20)) end
    return own
  end
end

-- The same for the two eras.
local function eras(key, old, at)
  local era, own = word('>I4', old, 337), floor(at / 2419200)
  if era == own or era == own + 1 then return end
  if own == era + 1 then call('SETRANGE', key, 900 + own % 2 * 224, zeros(224))
  elseif era > 0 then call('SETRANGE', key, 900, zeros(448)) end
  return own
end

-- Adds to the rings of a plain or rich record. `known` keeps the arguments that keys of a section have in common.
local function rings(key, old, kind, parts, at, ttl, young, from, to, known)
  local rolled, newer, need, tag = false, nil, 0, nil
  skip = nil
  local fresh = not old
  if fresh then
    if parts < 32 then return end
    if known.fresh then
      call('SET', key, known.fresh, 'EX', young)
      return
    end
    old = zeros(kind == 1 and 164 or 1348)
    call('SET', key, old, 'EX', young)
  end
  if parts % 2 == 1 then
    newer, rolled = touch(key, old, 0, at)
    if newer then need = 1 end
  end
  if kind == 2 then
    if band(parts, 2) > 0 then
      local gone
      newer, gone = touch(key, old, 164, at)
      if newer then need = need + 2 end
      rolled = rolled or gone
    end
    if band(parts, 4) > 0 and week(key, old, at) then need = need + 4 end
    if band(parts, 8) > 0 and eras(key, old, at) then need = need + 8 end
    if band(parts, 16) > 0 then
      local first = word('>I4', old, 329)
      if first == 0 or first > at then need = need + 16 end
    end
  end
  if rolled then call('EXPIRE', key, text(ttl)) end
  local args = not skip and known[need]
  if not args then
    args = {}
    local function set(offset, value)
      local n = #args
      args[n + 1], args[n + 2], args[n + 3], args[n + 4] = 'SET', 'u32', offset, text(value)
    end
    if band(need, 1) > 0 then set('0', at) end
    if band(need, 2) > 0 then set('1312', at) end
    if band(need, 4) > 0 then set('2656', floor(at / 21600)) end
    if band(need, 8) > 0 then set('2688', floor(at / 2419200)) end
    if band(need, 16) > 0 then set('2624', at) end
    if to >= from then
      args[#args + 1] = 'OVERFLOW'
      args[#args + 1] = 'SAT'
    end
    for n = from, to, 3 do
      local keep, place = true, ARGV[n + 1] / 8
      for _, gone in ipairs(skip or {}) do
        if place >= gone[1] and place < gone[2] then keep = false end
      end
      if keep then
        local m = #args
        args[m + 1], args[m + 2], args[m + 3], args[m + 4] = 'INCRBY', ARGV[n], ARGV[n + 1], ARGV[n + 2]
      end
    end
    if not skip then known[need] = args end
  end
  if #args > 2 then call('BITFIELD', key, unpack(args)) end
  -- Whoever is new like this one gets the same.
  if fresh and known.many > 1 then known.fresh = call('GET', key) end
end

-- A number's or session's days. Parts: 1 as a newcomer, 2 asked for, 4 a code came back.
local function seen(key, old, parts, at, ttl, young)
  if not old then
    if parts == 4 then return end
    ttl = young
    old = zeros(20)
  end
  local last, day, asked, converted, often = word('>I4I4I4I4I4', old)
  local own = floor(at / 86400)
  if parts % 2 == 1 and at > last then last = at end
  if own > day then
    local by = own - day
    if by >= 32 then asked, converted = 0, 0
    else asked, converted = asked * 2 ^ by % 4294967296, converted * 2 ^ by % 4294967296 end
    day, often = own, 0
  end
  local behind = day - own
  if behind < 32 then
    local mark = 2 ^ behind
    if parts < 4 then
      if floor(asked / mark) % 2 == 0 then asked = asked + mark end
      if behind == 0 and often < 4294967295 then often = often + 1 end
    elseif floor(converted / mark) % 2 == 0 then converted = converted + mark end
  end
  call('SET', key, struct.pack('>I4I4I4I4I4', last, day, asked, converted, often), 'EX', text(ttl))
end

-- The newest numbers of a run, oldest first, six bytes each.
local function recent(key, old, entry, ttl)
  local function value(from, n)
    local at, last4 = word('>I4I2', from, n * 6 + 1)
    return at * 65536 + last4
  end
  old = old or ''
  local count, own = #old / 6, value(entry, 0)
  local place = count
  while place > 0 do
    local before = value(old, place - 1)
    if before == own then return end
    if before < own then break end
    place = place - 1
  end
  if count == 32 and place == 0 then return end
  local first = count == 32 and 7 or 1
  call('SET', key, sub(old, first, place * 6) .. entry .. sub(old, place * 6 + 1), 'EX', text(ttl))
end

-- The rings of a limit: width, newest bucket, seven counts each. `new` is what it is if there was none.
local function limit(key, old, at, ttl, what, new)
  if not old then
    call('SET', key, new, 'EX', text(ttl))
    return
  end
  local by, a, b, c = word('>i4I4I4I4', what)
  local wanted, width, head, args = {a, b, c}, {}, {}, {}
  local rolled = false
  for r = 1, 3 do width[r], head[r] = word('>I4I4', old, r * 36 - 35) end
  for i = 1, 3 do
    local w, r = wanted[i], i
    if w > 0 and not (i > 1 and w == a) and not (i > 2 and w == b) then
      if width[r] ~= w then
        r = nil
        for j = 3, 1, -1 do
          if width[j] == 0 or (width[j] ~= a and width[j] ~= b and width[j] ~= c) then r = j end
        end
        for j = 3, 1, -1 do
          if width[j] == w then r = j end
        end
      end
      if r then
        local begin = r * 36 - 36
        if width[r] ~= w then
          call('SETRANGE', key, begin, struct.pack('>I4I4', w, 0) .. zeros(28))
          width[r], head[r] = w, 0
        end
        local bucket, n = floor(at / w), #args
        local place = (begin + 8) * 8
        if bucket > head[r] then
          rolled = true
          args[n + 1], args[n + 2], args[n + 3], args[n + 4] = 'SET', 'u32', text(begin * 8 + 32), text(bucket)
          n = n + 4
          if bucket - head[r] >= 7 then
            if head[r] > 0 then call('SETRANGE', key, begin + 8, zeros(28)) end
          else
            for gone = head[r] + 1, bucket do
              args[n + 1], args[n + 2], args[n + 3], args[n + 4] = 'SET', 'u32', text(place + gone % 7 * 32), '0'
              n = n + 4
            end
          end
          head[r] = bucket
        end
        if head[r] - bucket < 7 then
          args[n + 1], args[n + 2], args[n + 3], args[n + 4] = 'INCRBY', 'i32', text(place + bucket % 7 * 32), text(by)
        end
      end
    end
  end
  if #args > 0 then call('BITFIELD', key, unpack(args)) end
  if rolled then call('EXPIRE', key, text(ttl)) end
end

-- Counts of a limit that are less than those given are made these, bucket by bucket of rings alike.
local function raise(key, old, own, ttl)
  if not old then
    call('SET', key, own, 'EX', text(ttl))
    return
  end
  local LIMIT = '>' .. string.rep('I4', 27)
  local theirs, ours = {word(LIMIT, old)}, {word(LIMIT, own)}
  -- A count may stand below nought for a moment.
  local function signed(count) return count < 2147483648 and count or count - 4294967296 end
  for r = 1, 27, 9 do
    local width, head, to = ours[r], ours[r + 1], nil
    for t = 19, 1, -9 do
      if theirs[t] == 0 then to = to or t end
    end
    for t = 1, 27, 9 do
      if theirs[t] == width then to = t end
    end
    if width > 0 and to then
      local was, counts = theirs[to] == width and theirs[to + 1] or 0, {}
      local newest = math.max(was, head)
      for bucket = math.max(newest - 6, 0), newest do
        local n, most = bucket % 7, 0
        if bucket <= was and bucket > was - 7 then most = signed(theirs[to + 2 + n]) end
        if bucket <= head and bucket > head - 7 then most = math.max(most, signed(ours[r + 2 + n])) end
        counts[n] = most % 4294967296
      end
      theirs[to], theirs[to + 1] = width, newest
      for n = 0, 6 do theirs[to + 2 + n] = counts[n] or 0 end
    end
  end
  call('SET', key, struct.pack(LIMIT, unpack(theirs, 1, 27)), 'EX', text(ttl))
end

local p, k, met, each = 2, 1, ARGV[1] >= '2' and {}, ARGV[1] >= '4'
while ARGV[p] do
  local kind, parts, many, at, ttl, len = word('>BBI2I4I4I4', ARGV[p])
  local from, to, known = p + 1, p + len, {many = many}
  local young = ttl
  if kind < 4 then
    -- The two upper bits say how full the servers are: what they never saw is kept for shorter.
    young, parts = floor(ttl / 8 ^ floor(parts / 64)), parts % 64
  end
  if kind > 0 then
    for n = k, k + many - 1 do
      local key, old = KEYS[n], olds[n]
      if not met then
      elseif not met[key] then met[key] = true
      elseif kind ~= 9 then
        old = call('GET', key)
        if each then olds[n] = old end
      end
      if kind < 3 then rings(key, old, kind, parts, at, ttl, young, from, to, known)
      elseif kind == 3 then seen(key, old, parts, at, ttl, young)
      elseif kind == 4 then recent(key, old, ARGV[from], ttl)
      elseif kind == 5 then limit(key, old, at, ttl, ARGV[from], ARGV[to])
      elseif kind == 6 then
        if not old or word('>I4', old) < at then call('SET', key, struct.pack('>I4', at), 'EX', text(ttl)) end
      elseif kind == 7 then call('DEL', key)
      elseif kind == 8 then call('SET', key, ARGV[from], 'EX', text(ttl))
      elseif kind == 9 then
        call('RPUSH', key, unpack(ARGV, from, to))
        if parts > 0 then call('LTRIM', key, -parts * 1000, -1) end
        call('EXPIRE', key, text(ttl))
      elseif kind == 10 then call('SET', key, ARGV[from], 'EX', text(ttl), 'NX')
      elseif kind == 11 then raise(key, old, ARGV[from], ttl)
      end
    end
  end
  k, p = k + many, to + 1
end
if ARGV[1] % 2 == 1 then return olds end
return #KEYS
