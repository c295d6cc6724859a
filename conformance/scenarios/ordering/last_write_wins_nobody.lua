--- Writes by turns to one table field are applied in the order in which they happened.
local scenario = ...

local t = { v = 0 }
local thread = scenario.start(function()
  for i = 1, 9, 2 do
    t.v = t.v * 10 + i
    scenario.pause()
  end
end)
for i = 1, 9, 2 do
  thread:step()
  assert(t.v % 10 == i)
  t.v = t.v - i
end
assert(thread:join())
