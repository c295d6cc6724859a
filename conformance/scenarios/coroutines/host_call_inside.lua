--- A coroutine of the thread may call main in the middle of it.
local scenario = ...

scenario.run(function()
  local n = 0
  local co = coroutine.create(function()
    scenario.on_main(function() n = n + 1 end)
    coroutine.yield(n)
    scenario.on_main(function() n = n + 1 end)
    return n
  end)
  local _, a = coroutine.resume(co)
  local _, b = coroutine.resume(co)
  assert(a == 1 and b == 2 and coroutine.status(co) == "dead")
end)
