--- A coroutine on main in which callbacks of two threads are under way.
local scenario = ...

local threads = {}
for i = 1, 2 do
  threads[i] = scenario.start(function()
    local n = 0
    scenario.callback("of " .. i, function(key)
      n = n + 1
      local got = coroutine.yield(i)
      n = n + got
      if key then n = n + scenario.fire(key) end
      return n
    end)
    scenario.pause()
    for _ = 1, 20 do scenario.breathe() end
    return n
  end)
  threads[i]:step()
end
local co = coroutine.create(scenario.fire)
local ok, who = coroutine.resume(co, "of 1", "of 2")
assert(ok and who == 1)
local ok, who = coroutine.resume(co, 10)
assert(ok and who == 2)
local ok, n = coroutine.resume(co, 100)
assert(ok and n == 11 + 101 and coroutine.status(co) == "dead")
local ok, a = threads[1]:join()
local ok2, b = threads[2]:join()
assert(ok and ok2 and a == 112 and b == 101)
