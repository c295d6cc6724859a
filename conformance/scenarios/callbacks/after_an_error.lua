--- A callback goes on working after its thread's body has failed.
local scenario = ...

local thread = scenario.start(function()
  local n = 10
  scenario.callback("count", function() n = n + 1; return n end)
  n = 20
  error("over")
end)
assert(not thread:join())
assert(scenario.fire("count") == 21)
