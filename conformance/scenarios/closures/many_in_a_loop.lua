--- Three hundred functions handed over in a loop all work (no table of ids overflows or drops one).
local scenario = ...

scenario.run(function()
  local counter = 0
  for _ = 1, 300 do
    scenario.post(function() counter = counter + 1 end)
  end
  scenario.settle()
  assert(counter == 300)
end)
