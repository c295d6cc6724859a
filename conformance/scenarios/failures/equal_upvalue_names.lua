--- Upvalues of one name in two callbacks stay two variables.
local scenario = ...

scenario.run(function()
  local function counter()
    local n = 0
    return function() n = n + 1; return n end
  end
  local a, b = counter(), counter()
  assert(scenario.on_main(a) == 1 and scenario.on_main(a) == 2 and scenario.on_main(b) == 1)
end)
