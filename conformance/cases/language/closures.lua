--- Closures and upvalues: sharing, nesting, capture at each loop pass, independence of copies, recursion.

-- Two closures share one variable, also after its scope has ended.
local function pair()
  local v = 0
  return function(x)
    v = v + x
    return v
  end, function()
    return v
  end
end
local add, get = pair()
add(5)
assert(add(2) == 7 and get() == 7)
local add2, get2 = pair()
add2(1)
assert(get() == 7 and get2() == 1)

-- The variable is shared with the enclosing function while it is still running.
do
  local n = 1
  local function inc()
    n = n + 1
  end
  inc()
  assert(n == 2)
  n = 10
  inc()
  assert(n == 11)
end

-- Each pass through a numeric loop has its own variable.
local fs = {}
for i = 1, 5 do
  fs[i] = {
    get = function()
      return i
    end,
    set = function(v)
      i = v
    end,
  }
end
fs[2].set(20)
assert(fs[1].get() == 1 and fs[2].get() == 20 and fs[3].get() == 3)

-- And through a generic loop, a while loop and a repeat loop.
fs = {}
for k, v in pairs({ a = 1, b = 2 }) do
  fs[k] = function()
    v = v + 1
    return v
  end
end
assert(fs.a() == 2 and fs.a() == 3 and fs.b() == 3)
fs = {}
local n = 0
while n < 3 do
  local x = n
  n = n + 1
  fs[n] = function()
    x = x + 10
    return x
  end
end
assert(fs[1]() == 10 and fs[1]() == 20 and fs[2]() == 11 and fs[3]() == 12)

-- Captured variables are closed by break, goto and return too.
local function escape(how)
  local out
  for i = 1, 10 do
    local v = i * 100
    out = function()
      v = v + 1
      return v
    end
    if i == 3 then
      if how == "break" then
        break
      elseif how == "return" then
        return out
      end
      goto done
    end
  end
  ::done::
  return out
end
for _, how in ipairs({ "break", "return", "goto" }) do
  local f = escape(how)
  assert(f() == 301 and f() == 302)
end

-- Through several levels of functions.
local function level1()
  local a = 1
  return function()
    local b = 2
    return function()
      local c = 3
      return function()
        a, b, c = a + 1, b + 1, c + 1
        return a * 100 + b * 10 + c
      end
    end
  end
end
local l2 = level1()
local l3a, l3b = l2(), l2()
local f1, f2 = l3a(), l3b()
assert(f1() == 234 and f2() == 334 and f1() == 445)

-- Parameters and varargs.
local function keep(a, ...)
  local rest = { ... }
  return function()
    a = a + #rest
    return a
  end
end
local k = keep(10, 1, 2, 3)
assert(k() == 13 and k() == 16)

-- A function that replaces itself.
local replace
replace = function()
  replace = function()
    return "second"
  end
  return "first"
end
assert(replace() == "first" and replace() == "second")

-- Mutual recursion through upvalues.
local odd
local function even(x)
  return x == 0 or odd(x - 1)
end
function odd(x)
  return x ~= 0 and even(x - 1)
end
assert(even(10) and odd(7) and not even(7))

-- Each evaluation of a function expression gives a new function.
local function make()
  return function() end
end
assert(make() ~= make())

-- Sixty upvalues, the most there may be, and one too many.
local names = {}
for i = 1, 61 do
  names[i] = "v" .. i
end
local function upvalues(count)
  local list = table.concat(names, ",", 1, count)
  return load("local " .. list .. " = ... ; return function() return " .. list .. " end", "=case")
end
local sixty = upvalues(60)("x")
assert(sixty() == "x" and select("#", sixty()) == 60)
local f, err = upvalues(61)
assert(not f and err == "case:1: function at line 1 has more than 60 upvalues", err)

-- A closure made in a coroutine outlives it.
local co = coroutine.wrap(function()
  local v = 0
  coroutine.yield(function()
    v = v + 1
    return v
  end)
  v = v + 100
  coroutine.yield(v)
end)
local bump = co()
assert(bump() == 1 and bump() == 2 and co() == 102 and bump() == 103)
