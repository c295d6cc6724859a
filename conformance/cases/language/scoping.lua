--- Local scopes: shadowing, blocks, `repeat … until`, recursion, and visibility in initializers.

local x = 1
do
  local x = 2
  assert(x == 2)
  do
    local x = x + 1
    assert(x == 3)
  end
  x = 5
  assert(x == 5)
end
assert(x == 1)

-- A local is visible only after its statement.
local x = x + 10
assert(x == 11)
local y = y
assert(y == nil)

-- `local function` sees itself, `local f = function` does not.
local function factorial(n)
  return n <= 1 and 1 or n * factorial(n - 1)
end
assert(factorial(5) == 120)
local g = function()
  return g
end
assert(g() == nil)

-- The condition of `repeat` sees the body's locals.
local rounds = 0
repeat
  local stop = rounds == 3
  rounds = rounds + 1
until stop
assert(rounds == 4)

-- Also when they are captured.
local kept = {}
repeat
  local v = #kept
  kept[#kept + 1] = function()
    return v
  end
until v >= 2
assert(#kept == 3 and kept[1]() == 0 and kept[3]() == 2)

-- A loop variable is local to the loop and a fresh one each time.
local i = "outer"
for i = 1, 3 do
  local j = i
  i = i * 10
  assert(i == j * 10)
end
assert(i == "outer")

-- Redeclaring in one scope hides, but closures keep the old one.
local v = 1
local function old()
  return v
end
local v = 2
assert(old() == 1 and v == 2)

-- Parameters are locals.
local function f(a, b)
  a = a + 1
  local b = b or a
  return a, b
end
local p, q = f(1)
assert(p == 2 and q == 2)

-- Duplicate names: the last one counts.
local function dup(a, a)
  return a
end
assert(dup(1, 2) == 2)
local z, z = 3, 4
assert(z == 4)

-- Two hundred locals, and not one more.
local names = {}
for k = 1, 200 do
  names[k] = "v" .. k
end
local most = "local " .. table.concat(names, ", ") .. " = ...; return v1, v200"
assert(load(most))
local chunk, err = load(most:gsub(" = ", ", v201 = "), "=case")
assert(not chunk and err == "case:1: main function has more than 200 local variables", err)

-- Globals are fields of the environment.
undeclared_for_test = 5
assert(_G.undeclared_for_test == 5 and undeclared_for_test == 5)
_G.undeclared_for_test = nil
assert(undeclared_for_test == nil)
