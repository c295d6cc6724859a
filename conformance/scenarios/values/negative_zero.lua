--- -0 keeps its sign in arguments, results and variables.
local scenario = ...

local shared = -0
local back = scenario.run(function(x)
  assert(1 / x == -math.huge and 1 / shared == -math.huge)
  shared = 0
  return x
end, -0)
assert(1 / back == -math.huge and 1 / shared == math.huge)
