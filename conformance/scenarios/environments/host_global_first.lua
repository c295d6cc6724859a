--- A callback reads and assigns a global that main has, on main.
local scenario = ...

scenario_of_main = "main"
scenario.run(function()
  scenario.on_main(function()
    assert(scenario_of_main == "main")
    scenario_of_main = "callback"
  end)
end)
assert(scenario_of_main == "callback")
