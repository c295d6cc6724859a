--- A callback may call a function of main, which may call another callback.
local scenario = ...

local thread
local function relay(x) return scenario.fire("inner", x) + 1 end
thread = scenario.start(function()
  local factor = 2
  scenario.callback("inner", function(x) return x * factor end)
  scenario.callback("outer", function(x) factor = 3; return relay(x) end)
  scenario.pause()
  return factor
end)
thread:step()
assert(scenario.fire("outer", 5) == 16)
local ok, factor = thread:join()
assert(ok and factor == 3)
