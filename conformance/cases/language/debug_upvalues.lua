--- `debug.getupvalue`, `setupvalue`, `upvalueid` and `upvaluejoin`.

local a, b = 1, { "b" }
local function f()
  a = a + 1
  return b, a
end
local name, value = debug.getupvalue(f, 1)
assert(name == "a" and value == 1)
name, value = debug.getupvalue(f, 2)
assert(name == "b" and value == b)
assert(debug.getupvalue(f, 3) == nil and debug.getupvalue(f, 0) == nil and select("#", debug.getupvalue(f, 3)) == 0)

-- In the order of first use.
local x, y, z = 1, 2, 3
local function order()
  return z, x, y, x
end
assert(debug.getupvalue(order, 1) == "z" and debug.getupvalue(order, 2) == "x" and debug.getupvalue(order, 3) == "y")

-- Setting changes the variable for everyone.
assert(debug.setupvalue(f, 1, 10) == "a" and a == 10)
a = 20
assert(select(2, debug.getupvalue(f, 1)) == 20)
assert(debug.setupvalue(f, 9, 1) == nil)
local function another()
  return a
end
debug.setupvalue(another, 1, "shared")
assert(a == "shared" and select(2, debug.getupvalue(f, 1)) == "shared")
a = 1

-- Nil and functions as values.
debug.setupvalue(f, 2, nil)
assert(b == nil)
debug.setupvalue(f, 2, print)
assert(b == print)

-- Identity.
local function g()
  return a
end
local function h()
  return b
end
assert(debug.upvalueid(f, 1) == debug.upvalueid(g, 1) and debug.upvalueid(f, 1) ~= debug.upvalueid(f, 2))
assert(debug.upvalueid(f, 2) == debug.upvalueid(h, 1) and type(debug.upvalueid(f, 1)) == "userdata")
local function counter()
  local n = 0
  return function()
    n = n + 1
    return n
  end
end
local c1, c2 = counter(), counter()
assert(debug.upvalueid(c1, 1) ~= debug.upvalueid(c2, 1))

-- The identity stays when the variable outlives its function.
local id
local function later()
  local v = 5
  local function get()
    v = v + 1
    return v
  end
  id = debug.upvalueid(get, 1)
  return get
end
local got = later()
assert(debug.upvalueid(got, 1) == id and got() == 6)

-- Joining makes two closures share a variable.
c1()
c1()
debug.upvaluejoin(c2, 1, c1, 1)
assert(c2() == 3 and c1() == 4 and debug.upvalueid(c1, 1) == debug.upvalueid(c2, 1))
local function reader()
  local own = "own"
  return function()
    return own
  end
end
local r1, r2 = reader(), reader()
debug.upvaluejoin(r1, 1, c1, 1)
assert(r1() == 4 and r2() == "own")
c1()
assert(r1() == 5)

-- Loop variables.
local fs = {}
for i = 1, 3 do
  fs[i] = function()
    i = i + 1
    return i
  end
end
debug.upvaluejoin(fs[1], 1, fs[3], 1)
assert(fs[1]() == 4 and fs[3]() == 5 and fs[2]() == 3)

-- Joining with a variable that is still open.
do
  local open = 1
  local function uses()
    open = open + 1
    return open
  end
  debug.upvaluejoin(fs[2], 1, uses, 1)
  assert(fs[2]() == 2 and open == 2)
  open = 50
  assert(fs[2]() == 51)
end
assert(fs[2]() == 52)

-- Library functions and errors.
assert(debug.getupvalue(load("return 1"), 1) == nil)
local function refused(fn, message)
  local ok, err = pcall(fn)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
refused(function() debug.upvalueid(g, 5) end, "bad argument #2 to 'upvalueid' (index out of range)")
refused(function() debug.upvaluejoin(g, 5, f, 1) end, "bad argument #2 to 'upvaluejoin' (index out of range)")
refused(function() debug.upvaluejoin(g, 1, f, 7) end, "bad argument #4 to 'upvaluejoin' (index out of range)")
refused(function() debug.upvaluejoin(g, 1, string.sub, 1) end, "bad argument #3 to 'upvaluejoin' (Lua function expected)")
refused(function() debug.getupvalue(1, 1) end, "bad argument #1 to 'getupvalue' (function expected, got number)")
