--- An error on main is an error of the call in the thread, which can catch it: nothing hangs.
local scenario = ...

scenario.run(function()
  local ok, why = pcall(scenario.on_main, function() error("on main") end)
  assert(not ok and tostring(why):match("on main"))
  assert(scenario.on_main(function() return "still alive" end) == "still alive")
end)
