-- Counts attempts in their limits, each whole or not at all, and tells what stood in each record before. Layout 2.
--
-- KEYS: of each attempt what is only looked at, and what is added to; behind those of all, the guards of each. ARGV[1]:
-- how many keys come before the guards. ARGV[2]: of each attempt how many looks, additions and guards there are, a byte
-- each, and a byte an addition: of which kind it is, and 128 more where its record stands before it in this call. Then
-- three of each kind: its expiry, the record that one addition makes where there was none, and its moment and the widths
-- of three rings. Guards are looked for only where an attempt's first look stands; one of whose guards stands counts
-- nowhere. Answers the place of each key that was there, and what it held; the others were not, or not looked for.
--
-- Of a number that is handed to a command the server makes a text anew each time, and slowly: so they are texts.
local call, byte, sub, word, pack, floor = redis.call, string.byte, string.sub, struct.unpack, struct.pack, math.floor
local LENGTH, WORDS = 108, '>' .. string.rep('I4', 27)
local sure, spec, kinds = tonumber(ARGV[1]), ARGV[2], {}
local olds = call('MGET', unpack(KEYS, 1, sure))

-- What is to be done where a record stands: few kinds come to that.
local function made(what)
  local fresh, at, a, b, c = ARGV[what * 3 + 4], word('>I4I4I4I4', ARGV[what * 3 + 5])
  local kind = {a, b, c, at = at, args = {}}
  for r = 1, 3 do
    local from = r * 36 - 35
    local width, head = word('>I4I4', fresh, from)
    if width > 0 then
      local m = #kind.args
      kind[r + 3] = sub(fresh, from, from + 7)
      kind.args[m + 1], kind.args[m + 2] = 'INCRBY', 'i32'
      kind.args[m + 3], kind.args[m + 4] = string.format('%d', (from + 7 + head % 7 * 4) * 8), '1'
    end
  end
  kinds[what] = kind
  return kind
end

-- Whether the rings that a kind adds to are those of a record, at the same buckets.
local function same(old, kind)
  local a, b, c = kind[4], kind[5], kind[6]
  return (not a or a == sub(old, 1, 8)) and (not b or b == sub(old, 37, 44)) and (not c or c == sub(old, 73, 80))
end

-- Moves rings on to their moment, or makes them others, and adds.
local function roll(key, old, kind, ttl)
  local w, at, a, b, c = {word(WORDS, old)}, kind.at, kind[1], kind[2], kind[3]
  for i = 1, 3 do
    local width, r = kind[i], i
    if width > 0 and not (i > 1 and width == a) and not (i > 2 and width == b) then
      if w[i * 9 - 8] ~= width then
        r = nil
        for j = 3, 1, -1 do
          local has = w[j * 9 - 8]
          if has == 0 or (has ~= a and has ~= b and has ~= c) then r = j end
        end
        for j = 3, 1, -1 do
          if w[j * 9 - 8] == width then r = j end
        end
      end
      if r then
        local from, bucket = r * 9 - 8, floor(at / width)
        if w[from] ~= width then
          w[from] = width
          for n = from + 1, from + 8 do w[n] = 0 end
        end
        local head = w[from + 1]
        if bucket > head then
          local gone = bucket - head >= 7 and bucket - 6 or head + 1
          for n = gone, bucket do w[from + 2 + n % 7] = 0 end
          w[from + 1], head = bucket, bucket
        end
        if head - bucket < 7 then
          local n = from + 2 + bucket % 7
          w[n] = (w[n] + 1) % 4294967296
        end
      end
    end
  end
  call('SET', key, pack(WORDS, unpack(w, 1, 27)), 'EX', ttl)
end

-- Whether none of an attempt's guards stands.
local function free(from, many)
  local found, none = call('MGET', unpack(KEYS, from, from + many - 1)), true
  for n = 1, many do
    olds[from + n - 1] = found[n]
    none = none and not found[n]
  end
  return none
end

local p, k, g, size = 1, 1, sure + 1, #spec
while p < size do
  local looks, adds, guards = byte(spec, p, p + 2)
  local first = k + looks
  p = p + 3
  if guards == 0 or not olds[k] or free(g, guards) then
    for n = 0, adds - 1 do
      local what, key, old = byte(spec, p + n), KEYS[first + n], olds[first + n]
      if what > 127 then
        what, old = what - 128, call('GET', key)
        olds[first + n] = old
      end
      local ttl, kind = ARGV[what * 3 + 3], kinds[what]
      if not old or #old ~= LENGTH then
        call('SET', key, ARGV[what * 3 + 4], 'EX', ttl)
      else
        kind = kind or made(what)
        if same(old, kind) then call('BITFIELD', key, unpack(kind.args))
        else roll(key, old, kind, ttl) end
      end
    end
  end
  k, p, g = first + adds, p + adds, g + guards
end

local there, n = {}, 0
for at = 1, #KEYS do
  if olds[at] then
    there[n + 1], there[n + 2] = at, olds[at]
    n = n + 2
  end
end
return there
