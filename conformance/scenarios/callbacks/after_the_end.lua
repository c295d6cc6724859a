--- A callback goes on working after its thread's body has returned.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("count", function() n = n + 1; return n end)
end)
assert(thread:join())
for i = 1, 5 do
  assert(scenario.fire("count") == i)
end
