--- Two variables changed in statements without a call between are seen by callbacks both or not at all.
local scenario = ...

local a, b, torn = 0, 0, 0
local thread = scenario.start(function()
  scenario.callback("look", function() if a ~= b then torn = torn + 1 end end)
  scenario.pause()
  for i = 1, 5000 do
    a, b = i, i
    if i % 250 == 0 then scenario.breathe() end
  end
  scenario.settle()
end)
thread:step()
for _ = 1, 30 do
  scenario.post("look")
end
assert(thread:join())
scenario.settle()
assert(torn == 0 and a == 5000 and b == 5000)
