--- A callback can put another in its own place.
local scenario = ...

local thread = scenario.start(function()
  local step
  step = function()
    step = function() return "second" end
    return "first"
  end
  scenario.callback("step", function() return step() end)
  scenario.pause()
  return step()
end)
thread:step()
assert(scenario.fire("step") == "first" and scenario.fire("step") == "second")
local ok, last = thread:join()
assert(ok and last == "second")
