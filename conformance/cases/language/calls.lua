--- Calls: argument adjustment, method syntax, calls without parentheses, callable results, evaluation order.

local function args(...)
  return select("#", ...), ...
end
local function two(a, b)
  return a, b
end

assert(select("#", two()) == 2 and two(1, 2, 3) == 1 and select(2, two(1)) == nil)

-- Without parentheses.
assert(args "x" == 1 and args [[x]] == 1 and args { 1 } == 1)
assert(select(2, args "s") == "s" and select(2, args { 5 })[1] == 5)
local function curry(a)
  return function(b)
    return function(c)
      return a .. b .. c
    end
  end
end
assert(curry "a" "b" "c" == "abc" and curry("a")("b")("c") == "abc")

-- Methods.
local obj = { name = "obj" }
function obj:get(...)
  return self.name, select("#", ...)
end
function obj.static(x)
  return x
end
assert(obj:get() == "obj" and select(2, obj:get(1, nil)) == 2 and obj.static(obj) == obj and obj.get(obj) == "obj")
assert(obj:get "x" == "obj" and select(2, obj:get { 1 }) == 1)
obj.sub = { name = "sub" }
function obj.sub:get()
  return self.name
end
function obj.sub.plain()
  return "plain"
end
assert(obj.sub:get() == "sub" and obj.sub.plain() == "plain")

-- The object expression is evaluated once.
local evaluated = 0
local function object()
  evaluated = evaluated + 1
  return obj
end
assert(object():get() == "obj" and evaluated == 1)

-- Strings have methods.
assert(("x"):rep(3) == "xxx" and ("abc"):upper() == "ABC" and #("x"):rep(10) == 10)
local s = "text"
assert(s:sub(1, 2) == "te" and s.len == string.len and s:len() == 4)

-- Function, then arguments, left to right; the function value is read first.
local log = {}
local function note(v)
  log[#log + 1] = tostring(v)
  return v
end
local function get_function()
  log[#log + 1] = "f"
  return function() end
end
get_function()(note(1), note(2), note(3))
assert(table.concat(log) == "f123")
local replaced = function()
  return "old"
end
local function replace()
  replaced = function()
    return "new"
  end
end
assert(replaced(replace()) == "old")

-- Immediately called functions; statements that start with a parenthesis.
local result = (function(x)
  return x * 2
end)(21)
assert(result == 42);
(function()
  result = "statement"
end)()
assert(result == "statement")

-- Recursion with many arguments and results.
local function swap(n, a, b, c, d, e)
  if n == 0 then
    return a, b, c, d, e
  end
  local p, q, r, s2, t = swap(n - 1, e, d, c, b, a)
  return t, s2, r, q, p
end
local v1, v2, v3, v4, v5 = swap(3, 1, 2, 3, 4, 5)
assert(v1 == 1 and v2 == 2 and v3 == 3 and v4 == 4 and v5 == 5)

-- Up to 250 arguments may be written out.
local list = {}
for i = 1, 240 do
  list[i] = i
end
assert(load("return select('#', " .. table.concat(list, ",") .. ")")() == 240)

-- What cannot be called.
local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
refused(function() local x = nil; x() end, "attempt to call local 'x' (a nil value)")
refused(function() obj.missing() end, "attempt to call field 'missing' (a nil value)")
refused(function() obj:missing() end, "attempt to call method 'missing' (a nil value)")
refused(function() undefined_function() end, "attempt to call global 'undefined_function' (a nil value)")
refused(function() obj() end, "attempt to call upvalue 'obj' (a table value)")
refused(function() (1)() end, "attempt to call a number value")
refused(function() ("x")() end, "attempt to call a string value")
