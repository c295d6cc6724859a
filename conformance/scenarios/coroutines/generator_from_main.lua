--- A generator function of main runs as a coroutine in the thread.
local scenario = ...

local function numbers(n) for i = 1, n do coroutine.yield(i) end end
local sum = 0
scenario.run(function()
  for i in coroutine.wrap(function() numbers(10) end) do sum = sum + i end
end)
assert(sum == 55)
