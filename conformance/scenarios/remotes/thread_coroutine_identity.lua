--- A coroutine of the thread crosses to main and back as the same.
local scenario = ...

scenario.run(function()
  local co = coroutine.create(function() end)
  local back = scenario.on_main(function(x) return x end, co)
  assert(back == co)
end)
