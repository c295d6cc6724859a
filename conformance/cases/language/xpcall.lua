--- `xpcall`: the handler's place on the stack, its result, extra arguments, errors in the handler.

local function pack(...)
  return { n = select("#", ...), ... }
end
local function handler(message)
  return "handled " .. tostring(message), "surplus"
end
local r = pack(xpcall(function()
  error("x", 0)
end, handler))
assert(r.n == 2 and r[1] == false and r[2] == "handled x")
r = pack(xpcall(function(...)
  return ...
end, handler, 1, nil, 3))
assert(r.n == 4 and r[1] == true and r[2] == 1 and r[3] == nil and r[4] == 3)

-- The handler sees the stack of the error.
local seen
local function raise()
  local marker = "here"
  error("deep")
  return marker
end
xpcall(raise, function(message)
  local info = debug.getinfo(3, "f")
  seen = { info and info.func, debug.traceback(message), message }
end)
assert(seen[1] == raise and seen[2]:find("in function 'error'", 1, true) and seen[3]:find("deep$"))
local name, value
xpcall(raise, function()
  name, value = debug.getlocal(3, 1)
end)
assert(name == "marker" and value == "here")

-- It gets any value, and may return any.
local t = {}
local ok, result = xpcall(error, function(e)
  return { e }
end, t)
assert(not ok and result[1] == t)
ok, result = xpcall(error, function(e)
  return e
end)
assert(not ok and result == nil)
r = pack(xpcall(error, function() end, "x"))
assert(r.n == 2 and r[2] == nil)

-- Run-time errors reach it with their message.
ok, result = xpcall(function()
  local nothing
  return nothing.field
end, function(m)
  return m:match(":%d+: (.*)")
end)
assert(not ok and result == "attempt to index local 'nothing' (a nil value)")

-- debug.traceback serves as a handler.
ok, result = xpcall(function()
  error("traced")
end, debug.traceback)
assert(not ok and result:find("traced\nstack traceback:\n", 1, true))

-- The function is called; calling nil is an error that reaches the handler.
ok, result = xpcall(nil, function(m)
  return "got " .. m
end)
assert(not ok and result == "got attempt to call a nil value", result)

-- Nested, each with its own handler.
local order = {}
ok, result = xpcall(function()
  local inner_ok, inner = xpcall(error, function(m)
    order[#order + 1] = "inner"
    return m .. "1"
  end, "m")
  assert(not inner_ok)
  error(inner .. "2", 0)
end, function(m)
  order[#order + 1] = "outer"
  return m .. "3"
end)
assert(not ok and result == "m123" and table.concat(order, " ") == "inner outer")

-- A pcall inside keeps the handler from being asked.
local asked = 0
ok = xpcall(function()
  pcall(error, "quiet")
  pcall(error, "quiet")
end, function()
  asked = asked + 1
end)
assert(ok and asked == 0)

-- An error in the handler.
ok, result = xpcall(error, function()
  error("again", 0)
end, "first")
assert(not ok and type(result) == "string", tostring(result))

-- The message is decorated before the handler is called.
ok, result = xpcall(function()
  error("decorated")
end, function(m)
  return m
end)
assert(result:match("^[^\n]*xpcall%.lua:%d+: decorated$"), result)

-- A handler runs after the stack has overflown.
local function forever()
  return 1 + forever()
end
ok, result = xpcall(forever, function(m)
  return "handled: " .. m
end)
assert(not ok and result:find("stack overflow", 1, true), result)

-- A handler that fails is not called again, whatever it fails with.
local called = 0
local function fails(expected, handler, ...)
  called = 0
  local ok, message = xpcall(error, function(...)
    called = called + 1
    return handler(...)
  end, "first")
  assert(not ok and message == expected, message)
  assert(called == 1)
end
fails("error in error handling", error)
fails("error in error handling", function()
  error()
end)
fails("error in error handling", function()
  error({})
end)
fails("error in error handling", function()
  local t = nil
  return t.x
end)
fails(nil, function() end)
fails(false, function()
  return false, "more"
end)
-- An error that is caught inside the handler is over; before one, no handler is called for another.
fails("second", function()
  return (select(2, pcall(error, "second")))
end)
fails("error in error handling", function()
  return (select(2, xpcall(error, function(message)
    return "inner " .. message
  end, "second")))
end)
fails("inner second", function()
  pcall(error)
  return (select(2, xpcall(error, function(message)
    return "inner " .. message
  end, "second")))
end)
local handled = 0
ok, result = xpcall(error, function(message)
  handled = handled + 1
  if handled < 5 then
    pcall(error, "inside")
    error("again", 0)
  end
  return message .. " at last"
end, "x")
assert(not ok and result == "again at last" and handled == 5)
-- A coroutine handles its own errors.
fails("inner second", function()
  return coroutine.wrap(function()
    return (select(2, xpcall(error, function(message)
      return "inner " .. message
    end, "second")))
  end)()
end)
