--- Handles: await, status, list, stop_all; a sandbox ends by itself and callbacks outlive it.
local sandbox = require("threading.sandbox")

local got
local thread = sandbox.start(function(x)
  return x * 2
end, { 21 }, { name = "doubler" })
assert(thread.name == "doubler" and thread.id)
thread:await(function(ok, value)
  got = { ok, value }
end)
assert(vim.wait(5000, function() return got end))
assert(got[1] == true and got[2] == 42)
assert(vim.wait(5000, function() return thread:status() == "finished" end), thread:status())
-- A handle that is done answers at once.
assert(select(2, thread:join(0)) == 42)

local inside
coroutine.wrap(function()
  local t = sandbox.start(function() return "awaited" end)
  local ok, value = t:await()
  inside = ok and value
end)()
assert(vim.wait(5000, function() return inside end))
assert(inside == "awaited")

local exited
local t = sandbox.start(function() error("on purpose") end, {}, {
  on_exit = function(ok, err) exited = { ok, err } end,
})
assert(vim.wait(5000, function() return exited end))
assert(exited[1] == false and tostring(exited[2]):match("on purpose"))

-- Callbacks go on working after the sandbox was killed.
local n = 0
local keep
local thread = sandbox.start(function()
  keep = function()
    n = n + 1
    return n
  end
  vim.uv.sleep(60000)
end)
assert(vim.wait(5000, function()
  thread:sync()
  return keep
end))
assert(keep() == 1)
thread:kill()
thread:join(1000)
assert(keep() == 2 and n == 2)

local many = {}
for i = 1, 50 do
  many[i] = sandbox.start(function() return i end)
end
for i = 1, 50 do
  assert(select(2, many[i]:join(10000)) == i)
end
local busy = sandbox.start(function() while true do end end)
assert(#sandbox.list() >= 1)
sandbox.stop_all(2000)
assert(#sandbox.list() == 0)
assert(not busy:is_running())
