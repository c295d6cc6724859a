--- The order in which `pairs` visits numbers and booleans: it follows from the sizes of the two parts of a table
--- and from the hashes, which are LuaJIT's.

local function order(t)
  local keys = {}
  for key in pairs(t) do
    keys[#keys + 1] = tostring(key)
  end
  return table.concat(keys, " ")
end

local function check(t, expected)
  assert(order(t) == expected, order(t))
end

check({ [10] = 1, [20] = 2, [30] = 3, [40] = 4, [100] = 5 }, "30 100 20 40 10")
local t = {}
for i = 1, 10 do
  t[i + 0.5] = i
end
t[true], t[false], t[-1], t[1e300] = 1, 2, 3, 4
check(t, "5.5 true 4.5 10.5 false 1.5 3.5 -1 7.5 1e+300 9.5 6.5 2.5 8.5")

-- Whole numbers move into the array part when the hash part is full, and out of it when few are left.
t = {}
for _, key in ipairs({ 7, 3, 9, 1, 2, 12, 5, 40, 6, 4 }) do
  t[key] = true
end
check(t, "1 2 3 4 5 6 7 9 12 40")
t = {}
for i = 12, 1, -1 do
  t[i] = i
end
local downwards = order(t)
for i = 2, 11 do
  t[i] = nil
end
t[0.5], t[1.5], t[2.5], t[3.5], t[4.5], t[5.5] = 1, 2, 3, 4, 5, 6
t[6.5], t[7.5], t[8.5], t[9.5], t[10.5], t[11.5] = 1, 2, 3, 4, 5, 6
assert(downwards == "1 2 3 4 5 6 7 8 9 10 11 12", downwards)
check(t, "1 5.5 4.5 11.5 10.5 1.5 3.5 0.5 7.5 9.5 8.5 6.5 2.5 12")

-- Nil makes an entry, too: it can move others.
t = { [1000] = 1, [2000] = 2 }
t[3000] = nil
t[4000] = 4
check(t, "4000 1000 2000")

-- The array part of a constructor holds all its items, whatever they are.
assert(#{ 1, nil, 3 } == 1 and #{ nil, nil, 3 } == 3 and #{ 1, nil } == 1 and #{ n = 1, nil, 2 } == 2)

-- A sequence of random operations, told by a sum over all orders.
local seed = 7
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return math.floor(seed / 65536) % n
end
local sum = 0
for round = 1, 200 do
  t = {}
  for i = 1, random(60) do
    local kind = random(6)
    if kind == 0 then
      t[random(40)] = nil
    elseif kind == 1 then
      t[-random(40)] = i
    elseif kind == 2 then
      t[random(100) * 1000] = i
    elseif kind == 3 then
      t[i] = i
    elseif kind == 4 then
      t[next(t) or 1] = nil
    else
      t[random(40)] = i
    end
  end
  local place = 0
  for key in pairs(t) do
    place = place + 1
    sum = (sum + place * (key + 100) * round) % 1000003
  end
end
assert(sum == 35366, sum)
