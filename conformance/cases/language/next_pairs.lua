--- `next`, `pairs` and `ipairs`: completeness, changes during traversal, raw access, errors.

local t = { 1, 2, 3, a = "x", b = "y", [1.5] = "z", [true] = "t" }
local function collect(iterate, ...)
  local seen, n = {}, 0
  for k, v in iterate, ... do
    assert(seen[k] == nil)
    seen[k] = v
    n = n + 1
  end
  return seen, n
end
local seen, n = collect(pairs(t))
assert(n == 7 and seen[2] == 2 and seen.b == "y" and seen[1.5] == "z" and seen[true] == "t")
seen, n = collect(next, t)
assert(n == 7)

-- Array entries come first, in order.
local order = {}
for k in pairs({ "a", "b", "c", x = 1 }) do
  order[#order + 1] = tostring(k)
end
assert(table.concat(order, ",") == "1,2,3,x")

-- next by hand.
assert(next({}) == nil and next({ 5 }) == 1 and select(2, next({ 5 })) == 5 and next({ 5 }, 1) == nil)
assert(next({ a = 1 }, nil) == "a" and next({ a = 1 }, "a") == nil)
local k, v = next(t)
assert(k == 1 and v == 1)

-- Existing entries may be changed and removed while traversing.
local changing = {}
for i = 1, 100 do
  changing[i] = i
  changing["k" .. i] = i
end
n = 0
for key in pairs(changing) do
  n = n + 1
  changing[key] = nil
end
assert(n == 200 and next(changing) == nil)
for i = 1, 100 do
  changing["k" .. i] = i
end
for key, value in pairs(changing) do
  changing[key] = value + 1
end
for i = 1, 100 do
  assert(changing["k" .. i] == i + 1)
end

-- Removed entries are not visited, and the traversal goes on from a removed key.
local list = { "a", "b", "c", "d" }
local visited = {}
for i, value in pairs(list) do
  visited[#visited + 1] = value
  if i == 1 then
    list[2] = nil
  end
end
assert(table.concat(visited) == "acd")

-- A traversal in the middle of another.
local pairs_seen = 0
for _ in pairs(t) do
  for _ in pairs(t) do
    pairs_seen = pairs_seen + 1
  end
end
assert(pairs_seen == 49)

-- ipairs stops at the first nil, reads as it goes, and ignores metamethods.
local count = 0
for i, value in ipairs({ 1, 2, nil, 4 }) do
  count = count + 1
  assert(i == value)
end
assert(count == 2)
local growing = { 1 }
for i in ipairs(growing) do
  if i < 10 then
    growing[i + 1] = true
  end
end
assert(#growing == 10)
local proxy = setmetatable({}, {
  __index = function(_, i)
    return i <= 3 and i or nil
  end,
})
n = 0
for _ in ipairs(proxy) do
  n = n + 1
end
assert(n == 0, "ipairs does not look at __index")
local f, s, i0 = ipairs(t)
assert(s == t and i0 == 0 and f(t, 0) == 1 and select(2, f(t, 2)) == 3 and f(t, 3) == nil)

-- pairs gives next itself, the table and nil; metatables are not asked.
local pf, ps, pv = pairs(t)
assert(pf == next and ps == t and pv == nil and select("#", pairs(t)) == 3)
local asked = setmetatable({ 1 }, {
  __pairs = function()
    error("asked")
  end,
  __ipairs = function()
    error("asked")
  end,
})
for _ in pairs(asked) do
end
for _ in ipairs(asked) do
end

-- An unknown key is an error.
local ok, err = pcall(next, {}, "nothing")
assert(not ok and err == "invalid key to 'next'", err)
ok, err = pcall(next, { 1, 2 }, 3)
assert(ok and err == nil or err == "invalid key to 'next'")
ok, err = pcall(next, { a = 1 }, {})
assert(not ok and err == "invalid key to 'next'", err)

-- A false value does not end a traversal.
n = 0
for _, value in pairs({ false, false, x = false }) do
  assert(value == false)
  n = n + 1
end
assert(n == 3)

-- The order is the same each time for an unchanged table.
local first, second = {}, {}
for key in pairs(t) do
  first[#first + 1] = tostring(key)
end
for key in pairs(t) do
  second[#second + 1] = tostring(key)
end
assert(table.concat(first, ",") == table.concat(second, ","))
