--- A function on main may run another on main.
local scenario = ...

scenario.run(function()
  local n = 0
  local value = scenario.on_main(function()
    n = n + 1
    return scenario.on_main(function() n = n + 10; return n end)
  end)
  assert(value == 11 and n == 11)
end)
