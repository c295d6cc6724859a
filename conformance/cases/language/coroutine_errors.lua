--- Errors in and around coroutines: what is reported, what stays usable, yields where none is possible.

local co = coroutine.create(function()
  local t
  return t.x
end)
local ok, err = coroutine.resume(co)
assert(not ok and err:match(":%d+: (.*)") == "attempt to index local 't' (a nil value)", err)

-- Any value may be the error.
local value = {}
ok, err = coroutine.resume(coroutine.create(function()
  error(value)
end))
assert(not ok and err == value)
ok, err = coroutine.resume(coroutine.create(function()
  error()
end))
assert(not ok and err == nil)

-- The stack of a failed coroutine can still be looked at.
co = coroutine.create(function()
  local marker = 5
  local function fail()
    error("deep")
  end
  fail()
  return marker
end)
ok, err = coroutine.resume(co)
assert(not ok)
local trace = debug.traceback(co)
assert(trace:find("in function 'error'", 1, true) and trace:find("in function 'fail'", 1, true), trace)

-- An error in one leaves the others alone.
local good = coroutine.wrap(function()
  for i = 1, 3 do
    coroutine.yield(i)
  end
end)
assert(good() == 1)
pcall(coroutine.wrap(function()
  good()
  error("x")
end))
assert(good() == 3)

-- An error passes through a chain of wraps, one level after another.
local depth = 0
local function chain(n)
  return coroutine.wrap(function()
    if n == 0 then
      error("bottom", 0)
    end
    depth = depth + 1
    chain(n - 1)()
  end)
end
ok, err = pcall(chain(10))
assert(not ok and depth == 10)
local prefixes
err, prefixes = err:gsub("[^ ]*coroutine_errors%.lua:%d+: ", "")
assert(err == "bottom" and prefixes == 10, "each level puts its position before the message")

-- pcall inside a coroutine, error after a yield.
co = coroutine.wrap(function()
  local good2, message = pcall(function()
    coroutine.yield("first")
    error("second", 0)
  end)
  coroutine.yield(message)
  return good2
end)
assert(co() == "first" and co() == "second" and co() == false)

-- Wrong arguments.
local function message_of(f, ...)
  local good3, message = pcall(f, ...)
  assert(not good3)
  return message
end
assert(message_of(function() coroutine.create(1) end):match(":%d+: (.*)") == "bad argument #1 to 'create' (function expected, got number)")
assert(message_of(function() coroutine.wrap() end):match(":%d+: (.*)") == "bad argument #1 to 'wrap' (function expected, got no value)")
assert(message_of(function() coroutine.resume({}) end):match(":%d+: (.*)") == "bad argument #1 to 'resume' (coroutine expected)")
assert(message_of(function() coroutine.status() end):match(":%d+: (.*)") == "bad argument #1 to 'status' (coroutine expected)")

-- A stack that overflows in a coroutine.
local function forever()
  return 1 + forever()
end
ok, err = coroutine.resume(coroutine.create(forever))
assert(not ok and err:find("stack overflow", 1, true), err)

-- Collected while suspended, with its variables.
local weak = setmetatable({}, { __mode = "v" })
local function abandon()
  local c = coroutine.wrap(function()
    local object = {}
    weak[1] = object
    coroutine.yield()
    return object
  end)
  c()
end
abandon()
collectgarbage()
collectgarbage()
assert(weak[1] == nil)

-- What `wrap` passes on is put together as a C string.
do
  local failing = coroutine.wrap(function()
    error("a\0b", 0)
  end)
  local ok, message = pcall(function()
    failing()
  end)
  assert(not ok and message:match(":%d+: a$") and #message < 300, message)
end
