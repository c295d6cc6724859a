--- A callback works after both sides have collected garbage.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("n", function() n = n + 1; return n end)
  scenario.collect()
  scenario.pause()
  scenario.collect()
  return n
end)
thread:step()
scenario.collect()
assert(scenario.fire("n") == 1)
scenario.collect()
assert(scenario.fire("n") == 2)
local ok, n = thread:join()
assert(ok and n == 2)
