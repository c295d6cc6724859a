--- The modes of `collectgarbage` that steer the collector: steps end cycles, stopping stops, knobs keep their values.

-- A step of no size is small, a huge one ends the cycle at once.
collectgarbage()
local live = {}
for i = 1, 20000 do
  live[i] = {}
end
local function steps(size)
  local n = 0
  repeat
    n = n + 1
  until collectgarbage("step", size) or n == 1e6
  return n
end
local small = steps(0)
assert(small > 20 and small < 1e6, small)
local medium = steps(100)
assert(medium > 1 and medium < small, medium)
assert(steps(1e6) == 1)

-- A finished cycle has collected what was garbage when it began.
local weak = setmetatable({}, { __mode = "v" })
local function fill()
  weak[1] = {}
end
fill()
steps(1e6)
steps(1e6)
assert(weak[1] == nil)

-- Knobs.
local pause = collectgarbage("setpause", 123)
assert(collectgarbage("setpause", -5) == 123 and collectgarbage("setpause") == -5)
assert(collectgarbage("setpause", pause) == 0)
local speed = collectgarbage("setstepmul", 123)
assert(collectgarbage("setstepmul") == 123 and collectgarbage("setstepmul", speed) == 0)

-- Stopped, nothing is collected, however much is allocated.
local function grows(n)
  local before = collectgarbage("count")
  for _ = 1, n do
    local _ = {}
  end
  return collectgarbage("count") - before
end
assert(collectgarbage("isrunning") == true)
assert(collectgarbage("stop") == 0)
assert(collectgarbage("isrunning") == false)
fill()
local grown = grows(100000)
assert(grown > 100000 * 32 / 1024 and grown < 100000 * 200 / 1024, grown)
assert(weak[1])
assert(collectgarbage("restart") == 0)
assert(collectgarbage("isrunning") == true)

-- A step or a full collection starts it again.
for _, mode in ipairs({ "step", "collect" }) do
  collectgarbage("stop")
  collectgarbage(mode)
  assert(collectgarbage("isrunning") == true)
  assert(grows(200000) < 10000, mode)
end

-- The count is exact enough to weigh things.
local function weigh(make)
  collectgarbage()
  collectgarbage("stop")
  local before = collectgarbage("count")
  local thing = make()
  local after = collectgarbage("count")
  collectgarbage("restart")
  assert(thing)
  return (after - before) * 1024
end
local function between(low, high, make)
  local bytes = weigh(make)
  assert(bytes >= low and bytes <= high, bytes)
end
-- (LuaJIT keeps the buffer in which it built the string.)
between(100000, 450000, function()
  return ("x"):rep(100000)
end)
between(1000 * 8, 3000 * 8, function()
  local t = {}
  for i = 1, 1000 do
    t[i] = i
  end
  return t
end)
between(1000 * 24, 1000 * 24 * 4, function()
  local t = {}
  for i = 1, 1000 do
    t[i * 1.5] = i
  end
  return t
end)
between(1000 * 20, 1000 * 200, function()
  local t = {}
  for i = 1, 1000 do
    t[i] = function()
      return i
    end
  end
  return t
end)
assert(gcinfo() == math.floor(collectgarbage("count")) and select("#", gcinfo()) == 1)

-- The mode is looked at first.
local ok, message = pcall(collectgarbage, "no", "number")
assert(not ok and message == "bad argument #1 to '?' (invalid option 'no')", message)
ok, message = pcall(collectgarbage, "count", "number")
assert(not ok and message == "bad argument #2 to '?' (number expected, got string)", message)
