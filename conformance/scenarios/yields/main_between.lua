--- Main goes on between yield and resumption: other callbacks run, with the writes of the suspended one.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("steps", function()
    n = n + 1
    coroutine.yield()
    n = n * 10
    return n
  end)
  scenario.callback("add", function(x) n = n + x; return n end)
  scenario.pause()
  return n
end)
thread:step()
local co = coroutine.create(scenario.fire)
assert(coroutine.resume(co, "steps"))
assert(scenario.fire("add", 3) == 4)
assert(scenario.fire("add", 2) == 6)
local ok, n = coroutine.resume(co)
assert(ok and n == 60)
assert(scenario.fire("add", 1) == 61)
local ok, n = thread:join()
assert(ok and n == 61)
