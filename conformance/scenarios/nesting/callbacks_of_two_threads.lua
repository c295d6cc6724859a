--- A callback of one thread may fire one of another thread.
local scenario = ...

local a = scenario.start(function()
  local n = 0
  scenario.callback("a", function() n = n + 1; return n end)
  scenario.pause()
  return n
end)
a:step()
local b = scenario.start(function()
  local m = 0
  scenario.callback("b", function() m = m + scenario.fire("a"); return m end)
  scenario.pause()
  return m
end)
b:step()
assert(scenario.fire("b") == 1 and scenario.fire("b") == 3)
local _, n = a:join()
local _, m = b:join()
assert(n == 2 and m == 3)
