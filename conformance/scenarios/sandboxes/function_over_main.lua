--- A function of one thread that has ended runs in another, with its variable.
local scenario = ...

local count = scenario.run(function()
  local n = 0
  return function() n = n + 1; return n end
end)
assert(count() == 1)
assert(scenario.run(function() return count() end) == 2)
assert(count() == 3)
