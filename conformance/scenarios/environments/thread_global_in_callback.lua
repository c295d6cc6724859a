--- A callback finds the thread's globals where main has none of that name.
local scenario = ...

scenario.run(function()
  scenario_thread_global = "of the thread"
  assert(scenario.on_main(function() return scenario_thread_global end) == "of the thread")
end)
