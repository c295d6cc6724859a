--- The thread's own local, captured by its callback, is shared with main.
local scenario = ...

local thread = scenario.start(function()
  local x = 0
  scenario.callback("add", function(n) x = x + n; return x end)
  scenario.pause()
  assert(x == 5)
  x = 100
  scenario.pause()
  return x
end)
thread:step()
assert(scenario.fire("add", 2) == 2 and scenario.fire("add", 3) == 5)
thread:step()
assert(scenario.fire("add", 1) == 101)
local ok, x = thread:join()
assert(ok and x == 101)
