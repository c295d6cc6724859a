--- A write to a table that crossed long before arrives.
local scenario = ...

local t = {}
local thread = scenario.start(function()
  for i = 1, 5 do
    t[i] = i
    scenario.pause()
  end
end)
for i = 1, 5 do
  thread:step()
  assert(#t == i and t[i] == i)
end
assert(thread:join())
