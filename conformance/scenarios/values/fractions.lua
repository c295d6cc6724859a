--- Every bit of a fraction survives.
local scenario = ...

local list = { 0.1, 1 / 3, math.pi, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1e-300 }
local copy = scenario.run(function(...) return { ... } end, unpack(list))
for i, x in ipairs(list) do
  assert(copy[i] == x)
end
