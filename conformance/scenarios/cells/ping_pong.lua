--- One variable, written in turn by both sides, is one variable.
local scenario = ...

local x = 0
local thread = scenario.start(function()
  for i = 1, 10 do
    assert(x == 2 * i - 2)
    x = x + 1
    scenario.pause()
  end
end)
for i = 1, 10 do
  thread:step()
  assert(x == 2 * i - 1)
  x = x + 1
end
assert(thread:join())
assert(x == 20)
