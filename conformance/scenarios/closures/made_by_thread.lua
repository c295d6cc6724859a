--- A function that the thread makes and returns works on main, with its state.
local scenario = ...

local counter = scenario.run(function()
  local n = 10
  return function(by) n = n + by; return n end
end)
assert(counter(1) == 11 and counter(5) == 16)
