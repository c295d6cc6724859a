--- The body sees what main wrote up to the start.
local scenario = ...

local x, t = 1, {}
local body = function() return x, t.v end
for i = 1, 3 do
  x, t.v = i, -i
  local a, b = scenario.run(body)
  assert(a == i and b == -i)
end
