--- A global that nobody has and a callback assigns is seen by the thread and by later callbacks.
local scenario = ...

scenario.run(function()
  scenario.on_main(function() scenario_new = { 1 } end)
  assert(scenario_new[1] == 1)
  scenario_new[1] = 2
  scenario.on_main(function() assert(scenario_new[1] == 2); scenario_new = nil end)
  assert(scenario_new == nil)
end)
