--- A callback that sets a variable of the thread to nil is seen there.
local scenario = ...

scenario.run(function()
  local x, y = {}, "y"
  scenario.on_main(function() x = nil; y = false end)
  assert(x == nil and y == false)
end)
