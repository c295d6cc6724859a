--- A function that a callback makes finds the thread's globals later too.
local scenario = ...

local later
scenario.run(function()
  scenario_counter = 0
  later = scenario.on_main(function()
    return function() scenario_counter = scenario_counter + 1; return scenario_counter end
  end)
  assert(later() == 1 and scenario_counter == 1)
  assert(scenario.on_main(function() return later() end) == 2)
  assert(scenario_counter == 2)
end)
