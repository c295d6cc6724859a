--- `__lt` and `__le`: operand order, the fallback of `<=` to `not (b < a)`, mixed operands, errors.

local log = {}
local lt_only = {
  __lt = function(a, b)
    log[#log + 1] = a.v .. "<" .. b.v
    return a.v < b.v
  end,
}
local function value(v, mt)
  return setmetatable({ v = v }, mt or lt_only)
end
local one, two = value(1), value(2)
assert(one < two and not (two < one) and two > one and not (one > two))
assert(table.concat(log, " ") == "1<2 2<1 1<2 2<1")

-- Without `__le`, a <= b is not (b < a).
log = {}
assert(one <= two and not (two <= one) and two >= one and one <= value(1))
assert(table.concat(log, " ") == "2<1 1<2 2<1 1<1", table.concat(log, " "))

-- With `__le` it is used.
local both = {
  __lt = function()
    error("not asked")
  end,
  __le = function(a, b)
    return a.v <= b.v
  end,
}
assert(value(1, both) <= value(1, both) and value(2, both) >= value(1, both) and not (value(2, both) <= value(1, both)))

-- Both operands need the same function.
local second = { __lt = lt_only.__lt }
assert(value(1) < value(2, second))
local foreign = { __lt = function()
  return true
end }
local ok, err = pcall(function()
  return value(1) < value(2, foreign)
end)
assert(not ok and err:match(":%d+: (.*)") == "attempt to compare two table values", err)
ok, err = pcall(function()
  return value(1) < {}
end)
assert(not ok and err:match(":%d+: (.*)") == "attempt to compare two table values", err)
ok, err = pcall(function()
  return value(1) < 5
end)
assert(not ok and err:match(":%d+: (.*)") == "attempt to compare table with number", err)

-- Any result is turned into a boolean.
local odd = { __lt = function()
  return "yes"
end, __le = function()
  return nil
end }
assert((value(1, odd) < value(2, odd)) == true and (value(1, odd) <= value(2, odd)) == false)

-- Strings and numbers never ask.
assert(1 < 2 and "a" < "b")

-- On userdata.
local u = newproxy(true)
getmetatable(u).__lt = function(a, b)
  return rawequal(a, u) and not rawequal(b, u)
end
local w = newproxy(u)
assert(u < w and not (w < u) and u <= w and w > u)

-- table.sort uses it.
local list = {}
for i = 1, 50 do
  list[i] = value(i * 7 % 50)
end
table.sort(list)
for i = 2, 50 do
  assert(list[i - 1].v <= list[i].v)
end

-- In loops and conditions.
local n = 0
for _ = 1, 200 do
  if one < two then
    n = n + 1
  end
  if not (two <= one) then
    n = n + 1
  end
  while two < one do
    error("wrong")
  end
end
assert(n == 400)

-- math.max and math.min take numbers only.
assert(not pcall(math.max, one, two))
