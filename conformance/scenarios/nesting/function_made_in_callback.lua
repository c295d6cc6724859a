--- A function that a callback makes on main shares its variable with the thread at sync points.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("make", function() return function() n = n + 1; return n end end)
  scenario.pause()
  return n
end)
thread:step()
local count = scenario.fire("make")
assert(count() == 1 and count() == 2)
local ok, n = thread:join()
assert(ok and n == 2)
