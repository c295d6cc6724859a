--- `collectgarbage`: every option and what it returns.

local kb = collectgarbage("count")
assert(type(kb) == "number" and kb > 0 and kb < 1e6)
assert(collectgarbage() == 0 and collectgarbage("collect") == 0)
assert(gcinfo() == math.floor(collectgarbage("count")) or math.abs(gcinfo() - collectgarbage("count")) < 10)

-- Memory grows with what is live and falls after it is dropped.
collectgarbage()
local before = collectgarbage("count")
local big = {}
for i = 1, 20000 do
  big[i] = { i }
end
local during = collectgarbage("count")
assert(during > before + 300, "20,000 tables take memory")
big = nil
collectgarbage()
collectgarbage()
assert(collectgarbage("count") < before + 100)

-- Strings count too.
before = collectgarbage("count")
local s = ("x"):rep(2 ^ 20)
assert(collectgarbage("count") - before >= 1024 and #s == 2 ^ 20)

-- Stopping and going on.
assert(collectgarbage("stop") == 0)
assert(collectgarbage("restart") == 0)

-- Steps reach the end of a cycle.
local finished = false
for _ = 1, 100000 do
  if collectgarbage("step", 10) then
    finished = true
    break
  end
end
assert(finished)
assert(type(collectgarbage("step")) == "boolean")

-- The two tuning knobs give their old values.
local pause = collectgarbage("setpause", 150)
assert(type(pause) == "number" and collectgarbage("setpause", pause) == 150)
local speed = collectgarbage("setstepmul", 300)
assert(type(speed) == "number" and collectgarbage("setstepmul", speed) == 300)
assert(collectgarbage("isrunning") == true or not pcall(collectgarbage, "isrunning"))

local ok, err = pcall(function()
  collectgarbage("nothing")
end)
assert(not ok and err:match(":%d+: (.*)") == "bad argument #1 to 'collectgarbage' (invalid option 'nothing')", err)

-- Nothing reachable is lost while much garbage is made.
local list = {}
for i = 1, 2000 do
  list[i] = { value = i, text = "text" .. i, f = function()
    return i
  end }
end
for round = 1, 20 do
  for i = 1, 2000 do
    local _ = { round, tostring(i), {} }
  end
  collectgarbage("step")
end
for i = 1, 2000 do
  assert(list[i].value == i and list[i].text == "text" .. i and list[i].f() == i)
end
