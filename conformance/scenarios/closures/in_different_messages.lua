--- Closures over one variable share it also when they cross in different messages.
local scenario = ...

scenario.run(function()
  local x = 0
  scenario.on_main(function() x = x + 1 end)
  scenario.on_main(function() assert(x == 1); x = x + 10 end)
  assert(x == 11)
end)
