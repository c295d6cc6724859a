--- `pcall`: results, error values of every type, nesting, and what is left behind.

local function pack(...)
  return { n = select("#", ...), ... }
end
local r = pack(pcall(function(...)
  return ...
end, 1, nil, 3))
assert(r.n == 4 and r[1] == true and r[2] == 1 and r[3] == nil and r[4] == 3)
r = pack(pcall(function() end))
assert(r.n == 1 and r[1] == true)

-- Error values pass unchanged.
local t = {}
for _, value in ipairs({ t, 42, true, false, print, "text", coroutine.create(print) }) do
  local ok, err = pcall(error, value, 0)
  assert(ok == false and err == value)
end
r = pack(pcall(error))
assert(r.n == 2 and r[1] == false and r[2] == nil)
r = pack(pcall(error, nil))
assert(r.n == 2 and r[1] == false and r[2] == nil)
assert(select("#", pcall(error, "x", 0)) == 2)

-- Calling what cannot be called.
local ok, err = pcall(nil)
assert(not ok and err == "attempt to call a nil value", err)
ok, err = pcall({})
assert(not ok and err == "attempt to call a table value", err)
ok, err = pcall("x")
assert(not ok and err == "attempt to call a string value", err)

-- Nesting.
ok, err = pcall(pcall, error, "inner", 0)
assert(ok == true and err == false)
assert(select(3, pcall(pcall, error, "inner", 0)) == "inner")
ok, err = pcall(function()
  local ok2, err2 = pcall(error, "first", 0)
  assert(not ok2)
  error(err2 .. " second", 0)
end)
assert(not ok and err == "first second")
local function nest(n)
  if n == 0 then
    error("deep", 0)
  end
  local good, e = pcall(nest, n - 1)
  assert(not good)
  error(e, 0)
end
ok, err = pcall(nest, 100)
assert(not ok and err == "deep")

-- Locals and upvalues keep what was assigned before the error.
local x = 1
local y
pcall(function()
  x = 2
  y = { x }
  error("e")
end)
assert(x == 2 and y[1] == 2)

-- In loops, with many errors.
local caught = 0
for i = 1, 1000 do
  local good, e = pcall(function()
    if i % 3 == 0 then
      error({ i = i })
    end
    return i
  end)
  if good then
    assert(e == i)
  else
    assert(e.i == i)
    caught = caught + 1
  end
end
assert(caught == 333)

-- Errors in library callbacks and metamethods are caught outside.
assert(not pcall(table.sort, { 3, 2, 1 }, function()
  error("in comparison")
end))
ok, err = pcall(string.gsub, "abc", ".", function()
  error("in replacement", 0)
end)
assert(not ok and err == "in replacement")
ok, err = pcall(function()
  return setmetatable({}, {
    __index = function()
      error("in index", 0)
    end,
  }).x
end)
assert(not ok and err == "in index")

-- As a method and a tail call, and through a variable.
local object = { run = pcall }
assert(object.run(print) == true)
local function tail(f, ...)
  return pcall(f, ...)
end
r = pack(tail(function(a, b)
  return a + b
end, 1, 2))
assert(r[1] == true and r[2] == 3)

-- Deep recursion inside is caught, and the stack is usable afterwards.
local function forever(n)
  return 1 + forever(n + 1)
end
for _ = 1, 3 do
  ok, err = pcall(forever, 1)
  assert(not ok and err:find("stack overflow", 1, true), err)
end
assert(pcall(function()
  return 1
end))

-- assert passes its arguments on, or raises its second.
r = pack(assert(1, "m", nil))
assert(r.n == 3 and r[1] == 1 and r[2] == "m" and r[3] == nil)
ok, err = pcall(assert, false)
assert(not ok and err == "assertion failed!")
ok, err = pcall(assert, nil, "message")
assert(not ok and err == "message")
ok, err = pcall(assert, false, t)
assert(not ok and err == t)
ok, err = pcall(assert, false, nil)
assert(not ok and err == nil)
