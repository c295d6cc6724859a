--- A callback that the thread itself fires sees and writes its variables.
local scenario = ...

scenario.run(function()
  local n = 1
  scenario.callback("double", function() n = n * 2; return n end)
  n = 5
  assert(scenario.fire("double") == 10 and n == 10)
end)
