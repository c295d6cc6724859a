--- A counter that the thread increments 100,000 times and callbacks on main 10,000 times ends at exactly 110,000.
local scenario = ...

local n, t = 0, { count = 0 }
local thread = scenario.start(function()
  scenario.callback("up", function()
    n = n + 1
    t.count = t.count + 1
  end)
  scenario.pause()
  for i = 1, 100000 do
    n = n + 1
    t.count = t.count + 1
    if i % 1000 == 0 then scenario.breathe() end
  end
  scenario.settle()
  return n
end)
thread:step()
for _ = 1, 100 do
  scenario.post(function()
    for _ = 1, 100 do scenario.fire("up") end
  end)
end
assert(thread:join())
scenario.settle()
thread:sync()
assert(n == 110000, n)
assert(t.count == 110000, t.count)
