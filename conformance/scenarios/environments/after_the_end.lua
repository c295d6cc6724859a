--- The globals of a thread that has ended are still there for its callbacks.
local scenario = ...

scenario.run(function()
  scenario_kept = 1
  scenario.callback("later", function() scenario_kept = scenario_kept + 1; return scenario_kept end)
end)
assert(scenario.fire("later") == 2 and scenario.fire("later") == 3)
