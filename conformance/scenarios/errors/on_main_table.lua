--- An error table of a callback arrives as the same table.
local scenario = ...

scenario.run(function()
  local token = {}
  local ok, why = pcall(scenario.on_main, function() error(token) end)
  assert(not ok and why == token)
end)
