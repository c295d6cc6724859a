-- The error of a reader function comes to the handler of the protected call around `load` before `load` answers
-- with it.

local seen = {}
local function handler(message)
  seen[#seen + 1] = message
  return "handled " .. tostring(message)
end
local function check(...)
  local ok, chunk, message, more = ...
  assert(ok == true and chunk == nil and more == nil)
  return message
end

assert(check(xpcall(load, handler, function()
  error("boo", 0)
end)) == "handled boo")
assert(#seen == 1 and seen[1] == "boo")

local object = {}
local function raises()
  error(object)
end
assert(check(xpcall(load, handler, raises)) == "handled " .. tostring(object))
assert(seen[2] == object)

-- From within a function, with the stack of the reader at hand.
local level
local message = check(xpcall(function()
  return load(raises)
end, function(value)
  level = debug.getinfo(3, "f")
  return value
end))
assert(message == object and level.func == raises)

-- What it gives may be wrong.
assert(check(xpcall(load, handler, function()
  return {}
end)) == "handled reader function must return a string")
assert(#seen == 3)

-- A syntax error is no error of the reader.
local pieces = { "return +" }
assert(check(xpcall(load, handler, function()
  return table.remove(pieces)
end)):find("unexpected symbol", 1, true))
assert(#seen == 3)

-- A `pcall` or a coroutine in between keeps the error.
xpcall(function()
  local ok, chunk, message = pcall(load, raises)
  assert(ok and chunk == nil and message == object)
  chunk, message = coroutine.wrap(load)(raises)
  assert(chunk == nil and message == object)
end, handler)
assert(#seen == 3)

-- Readers within readers.
assert(check(xpcall(load, handler, function()
  local chunk, message = load(raises)
  assert(chunk == nil)
  error(message, 0)
end)) == "handled handled " .. tostring(object))
assert(#seen == 5 and seen[4] == object)

-- An error of the handler.
local ok, chunk, message = xpcall(load, function()
  error("again")
end, raises)
assert(ok and chunk == nil)
assert(load("return 1")() == 1)
