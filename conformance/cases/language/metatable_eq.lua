--- `__eq`: when it is asked, with what, and how its result is used.

local asked = 0
local function eq(a, b)
  asked = asked + 1
  return a.v == b.v
end
local mt = { __eq = eq }
local function value(v)
  return setmetatable({ v = v }, mt)
end
local a, b, c = value(1), value(1), value(2)
assert(a == b and not (a ~= b) and a ~= c and not (a == c))
assert(asked == 4)

-- Identical values and values of different types never ask.
asked = 0
assert(a == a and a ~= 1 and a ~= "x" and a ~= nil and not (a == true))
assert(asked == 0)

-- Both operands must have the same metamethod.
local other = setmetatable({ v = 1 }, { __eq = eq })
assert(a == other and asked == 1, "two metatables with the same function")
local different = setmetatable({ v = 1 }, {
  __eq = function()
    return true
  end,
})
assert(a ~= different and asked == 1)
assert(a ~= { v = 1 } and { v = 1 } ~= a and asked == 1, "only one operand has it")

-- Any result is turned into a boolean.
local always = { __eq = function()
  return 1
end }
local never = { __eq = function()
  return nil
end }
local p, q = setmetatable({}, always), setmetatable({}, always)
assert((p == q) == true and (p ~= q) == false)
p, q = setmetatable({}, never), setmetatable({}, never)
assert((p == q) == false and (p ~= q) == true)

-- On userdata.
local u, w = newproxy(true), nil
getmetatable(u).__eq = function()
  return true
end
w = newproxy(u)
assert(u == w and rawequal(u, u) and not rawequal(u, w) and u ~= newproxy(true))

-- Raw equality, table keys and library searches do not ask.
assert(not rawequal(a, b))
local keys = { [a] = "a" }
assert(keys[a] == "a" and keys[b] == nil)

-- In conditions, loops and as values.
local equal = 0
for _ = 1, 300 do
  if a == b then
    equal = equal + 1
  end
  if a ~= c then
    equal = equal + 1
  end
end
assert(equal == 600)
local results = { a == b, a == c, a ~= b }
assert(results[1] == true and results[2] == false and results[3] == false)
assert((a == b and "yes" or "no") == "yes" and not (a == c or b == c))

-- Errors pass through.
local bad = { __eq = function()
  error("refused", 0)
end }
local ok, err = pcall(function()
  return setmetatable({}, bad) == setmetatable({}, bad)
end)
assert(not ok and err == "refused")

-- Added after the first comparison.
local late = {}
local x, y = setmetatable({}, late), setmetatable({}, late)
assert(x ~= y)
late.__eq = function()
  return true
end
assert(x == y)
