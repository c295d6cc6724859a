--- Two callbacks over one variable share it.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("up", function() n = n + 1 end)
  scenario.callback("get", function() return n end)
  scenario.pause()
end)
thread:step()
scenario.fire("up")
scenario.fire("up")
assert(scenario.fire("get") == 2)
assert(thread:join())
