--- A coroutine of the thread is of the type thread on main.
local scenario = ...

local kind = scenario.run(function()
  local co = coroutine.create(function() end)
  return scenario.on_main(function() return type(co) end)
end)
assert(kind == "thread")
