--- A global of the thread that a callback assigns is assigned for the thread.
local scenario = ...

scenario.run(function()
  scenario_assigned = 1
  scenario.on_main(function() scenario_assigned = 2 end)
  assert(scenario_assigned == 2)
end)
