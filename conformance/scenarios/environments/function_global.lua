--- A global function of the thread can be called in a callback.
local scenario = ...

scenario.run(function()
  local calls = 0
  function scenario_helper(x) calls = calls + 1; return x + 1 end
  assert(scenario.on_main(function() return scenario_helper(1) end) == 2)
  assert(calls == 1)
end)
