--- `return a .. b` in a callback returns its value (it is not taken for a function without results).
local scenario = ...

scenario.run(function()
  local a, b = "x", "y"
  assert(scenario.on_main(function() return a .. b end) == "xy")
end)
