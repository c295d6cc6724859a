--- A wrapped coroutine of the thread can be called by a callback.
local scenario = ...

scenario.run(function()
  local produce = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
  assert(scenario.on_main(function() return produce() + produce() end) == 3)
  assert(produce() == 3)
end)
