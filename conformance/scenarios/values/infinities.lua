--- Both infinities cross.
local scenario = ...

local a, b = math.huge, -math.huge
local c, d = scenario.run(function()
  assert(a == 1 / 0 and b == -1 / 0)
  a, b = b, a
  return a, b
end)
assert(c == -math.huge and d == math.huge and a == c and b == d)
