--- An iterator made of closures can be started on one side and continued on the other.
local scenario = ...

local function range(n)
  local i = 0
  return function()
    i = i + 1
    if i <= n then return i end
  end
end
local next_number = range(6)
local sum = scenario.run(function()
  return next_number() + next_number() + next_number()
end)
assert(sum == 6)
for i in next_number do
  sum = sum + i
end
assert(sum == 21)
