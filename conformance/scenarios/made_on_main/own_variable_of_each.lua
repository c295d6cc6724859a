--- Functions made in a loop of a callback have each their own variable, and share that of the thread.
local scenario = ...

local thread = scenario.start(function()
  local sum = 0
  scenario.callback("make", function()
    local made = {}
    for i = 1, 20 do
      local own = i
      made[i] = function() own = own + i; sum = sum + own; return own end
    end
    return made
  end)
  scenario.pause()
  return sum
end)
thread:step()
local made = scenario.fire("make")
for i = 1, 20 do
  for j = 1, 20 do assert(i == j or made[i] ~= made[j]) end
  assert(made[i]() == 2 * i)
end
for i = 1, 20 do assert(made[i]() == 3 * i) end
local ok, sum = thread:join()
assert(ok and sum == 5 * 210)
