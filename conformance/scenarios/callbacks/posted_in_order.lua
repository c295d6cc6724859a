--- Callbacks posted by the thread run in the order of posting.
local scenario = ...

scenario.run(function()
  local order = {}
  for i = 1, 20 do
    scenario.post(function() order[#order + 1] = i end)
  end
  scenario.settle()
  assert(#order == 20)
  for i = 1, 20 do
    assert(order[i] == i)
  end
end)
