--- Each step from nil to a value and back arrives.
local scenario = ...

local x
local thread = scenario.start(function()
  for i = 1, 3 do
    x = i
    scenario.pause()
    assert(x == nil)
  end
end)
for i = 1, 3 do
  thread:step()
  assert(x == i)
  x = nil
end
assert(thread:join())
