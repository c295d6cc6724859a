--- A recursive local function works on the other side.
local scenario = ...

local function factorial(n)
  return n < 2 and 1 or n * factorial(n - 1)
end
assert(scenario.run(function() return factorial(10) end) == 3628800)
assert(scenario.run(factorial, 5) == 120)
