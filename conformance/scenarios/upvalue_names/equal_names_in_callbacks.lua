--- Callbacks over variables of one name change only their own.
local scenario = ...

local thread = scenario.start(function()
  local count = 0
  scenario.callback("a", function() count = count + 1; return count end)
  local first = function() return count end
  local count = 100
  scenario.callback("b", function() count = count + 1; return count end)
  scenario.pause()
  return first(), count
end)
thread:step()
assert(scenario.fire("a") == 1 and scenario.fire("b") == 101 and scenario.fire("a") == 2)
local ok, a, b = thread:join()
assert(ok and a == 2 and b == 101)
