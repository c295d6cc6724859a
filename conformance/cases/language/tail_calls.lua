--- Tail calls use no stack: direct, mutual, through methods, `pcall`ed, with many arguments and varargs.

local function loop(n)
  if n > 0 then
    return loop(n - 1)
  end
  return "done"
end
assert(loop(1000000) == "done")

local pong
local function ping(n)
  if n == 0 then
    return "ping"
  end
  return pong(n - 1)
end
function pong(n)
  if n == 0 then
    return "pong"
  end
  return ping(n - 1)
end
assert(ping(100001) == "pong" and ping(100000) == "ping")

local object = { left = 0 }
function object:step()
  self.left = self.left - 1
  if self.left > 0 then
    return self:step()
  end
  return self
end
object.left = 100000
assert(object:step() == object and object.left == 0)

-- The number of arguments may change with each call.
local function grow(n, ...)
  if n == 0 then
    return select("#", ...)
  end
  return grow(n - 1, n, ...)
end
assert(grow(200) == 200)
local function shrink(a, ...)
  if select("#", ...) == 0 then
    return a
  end
  return shrink(...)
end
assert(shrink(unpack((function()
  local t = {}
  for i = 1, 200 do
    t[i] = i
  end
  return t
end)())) == 200)
local function rotate(n, a, b, c)
  if n == 0 then
    return a, b, c
  end
  return rotate(n - 1, b, c, a)
end
local x, y, z = rotate(100000, 1, 2, 3)
assert(x == 2 and y == 3 and z == 1)

-- A varargs function in tail position of another.
local function through(n, ...)
  if n == 0 then
    return ...
  end
  return through(n - 1, ...)
end
local a, b, c = through(100000, 1, nil, 3)
assert(a == 1 and b == nil and c == 3)

-- Library functions in tail position.
local function length(s)
  return string.len(s)
end
assert(length("abc") == 3)
local function protected(n)
  if n == 0 then
    return "end"
  end
  return select(2, pcall(protected, n - 1))
end
assert(protected(100) == "end")
local function caught()
  return pcall(error, "message", 0)
end
local ok, message = caught()
assert(not ok and message == "message")

-- Through a `__call` metamethod.
local callable = setmetatable({}, {
  __call = function(self, n)
    if n == 0 then
      return "called"
    end
    return self(n - 1)
  end,
})
assert(callable(100000) == "called")

-- A parenthesized call is no tail call: it keeps one result and its frame.
local function wrapped(n)
  if n == 0 then
    return 1, 2
  end
  return (wrapped(n - 1))
end
assert(select("#", wrapped(0)) == 2 and select("#", wrapped(1)) == 1)

-- A tail-called function's caller is gone from the stack.
local function callee()
  local info = debug.getinfo(2, "f")
  return info
end
local function middle()
  return callee()
end
local function bottom()
  local info = middle()
  return info
end
assert(bottom().func == bottom)

-- A tail call of what cannot be called is an error of the caller, whatever its registers held before.
local uncallable = setmetatable({}, {})
local function deep(n)
  if n > 0 then
    pcall(deep, n - 1)
  end
end
for count = 0, 30 do
  local names = ("a, "):rep(count) .. "o"
  local call = "return function(o) local " .. names .. " = o return o(1, 2) end"
  local caller = loadstring(call:gsub("= o ", ("= " .. ("1, "):rep(count) .. "o ")), "=caller")()
  pcall(deep, 20)
  local ok, message = pcall(caller, uncallable)
  assert(not ok and message == "caller:1: attempt to call local 'o' (a table value)", message)
end
