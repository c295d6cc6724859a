--- Two hundred arguments and results keep their order.
local scenario = ...

local args = {}
for i = 1, 200 do
  args[i] = i
end
local results = { scenario.run(function(...)
  assert(select("#", ...) == 200)
  return ...
end, unpack(args)) }
assert(#results == 200)
for i = 1, 200 do
  assert(results[i] == i)
end
