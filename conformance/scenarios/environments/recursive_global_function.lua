--- Global functions of the thread that call each other do so in a callback.
local scenario = ...

scenario.run(function()
  function scenario_even(n) return n == 0 or scenario_odd(n - 1) end
  function scenario_odd(n) return n ~= 0 and scenario_even(n - 1) end
  assert(scenario.on_main(function() return scenario_even(10) and not scenario_odd(10) end))
  assert(scenario.on_main(scenario_even, 7) == false)
end)
