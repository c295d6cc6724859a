--- Recursion two thousand deep works in a function that crossed.
local scenario = ...

local depth = 0
local function down(n)
  depth = depth + 1
  if n > 0 then return 1 + down(n - 1) end
  return 0
end
assert(scenario.run(function() return down(2000) end) == 2000)
assert(depth == 2001)
