--- Whole numbers up to 2^53, and powers of two beyond, cross exactly.
local scenario = ...

local list = { 2 ^ 31, -2 ^ 31, 2 ^ 32, 2 ^ 53, 2 ^ 53 - 1, -2 ^ 53, 2 ^ 63, 2 ^ 64, 2 ^ 1023 }
for _, x in ipairs(list) do
  local y = scenario.run(function() return x, assert(x * 1 == x) end)
  assert(y == x)
end
