--- A table in a global of the thread is the same table in a callback.
local scenario = ...

scenario.run(function()
  scenario_registry = { n = 0 }
  scenario.on_main(function() scenario_registry.n = scenario_registry.n + 1 end)
  assert(scenario_registry.n == 1)
end)
