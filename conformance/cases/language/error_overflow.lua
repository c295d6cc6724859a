--- Runaway recursion and oversized work end in errors that `pcall` catches.

local function message_of(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok)
  return message
end

-- Recursion without end.
local function forever(n)
  return 1 + forever(n + 1)
end
assert(message_of(forever, 1):match("^[^\n]*stack overflow$"), message_of(forever, 1))

-- With varargs and large frames.
local function wide(...)
  local a, b, c, d, e, f, g, h = ...
  return wide(a, b, c, d, e, f, g, h, ...) + 1
end
assert(message_of(wide, 1, 2, 3):find("stack overflow", 1, true))

-- Mutual recursion.
local b
local function a(n)
  return b(n) + 1
end
function b(n)
  return a(n) + 1
end
assert(message_of(a, 1):find("stack overflow", 1, true))

-- Through pcall, metamethods, tostring and sort.
local function protected()
  local ok, err = pcall(protected)
  if not ok then
    error(err, 0)
  end
end
assert(message_of(protected):find("overflow", 1, true))
local looped = setmetatable({}, {})
getmetatable(looped).__index = function(t, k)
  return t[k .. "x"]
end
assert(message_of(function()
  return looped.a
end):find("overflow", 1, true))
getmetatable(looped).__tostring = function(t)
  return "t" .. tostring(t)
end
assert(message_of(tostring, looped):find("overflow", 1, true))
local function sorting()
  table.sort({ 1, 2, 3 }, function()
    sorting()
  end)
end
assert(message_of(sorting):find("overflow", 1, true))

-- A large but finite depth is fine.
local function depth(n)
  if n == 0 then
    return 0
  end
  return 1 + depth(n - 1)
end
assert(depth(10000) == 10000)
local co = coroutine.wrap(function()
  return depth(10000)
end)
assert(co() == 10000)

-- Too many values.
local huge = {}
for i = 1, 10 do
  huge[i] = i
end
assert(message_of(unpack, huge, 1, 1e8) == "too many results to unpack")
assert(message_of(string.rep, "x", 2 ^ 31 - 1) == "not enough memory")

-- Everything works afterwards.
assert(depth(1000) == 1000 and pcall(depth, 1000))
local t = {}
for i = 1, 100 do
  t[i] = { i }
end
collectgarbage()
assert(#t == 100)
