--- A function that returns functions does so across the bridge too.
local scenario = ...

local adder = scenario.run(function()
  return function(a) return function(b) return a + b end end
end)
assert(adder(1)(2) == 3 and adder(10)(20) == 30)
