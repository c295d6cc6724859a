--- A callback whose thread has ended while it was suspended goes on.
local scenario = ...

local thread = scenario.start(function()
  local n = 1
  scenario.callback("steps", function()
    n = n + 1
    local more = coroutine.yield(n)
    n = n + more
    return n
  end)
end)
assert(thread:join())
local co = coroutine.create(scenario.fire)
local ok, n = coroutine.resume(co, "steps")
assert(ok and n == 2)
scenario.collect()
local ok, n = coroutine.resume(co, 5)
assert(ok and n == 7)
