--- A coroutine of the thread can be resumed by a callback.
local scenario = ...

scenario.run(function()
  local n = 0
  local co = coroutine.create(function() n = n + 1; coroutine.yield("a"); n = n + 1; return "b" end)
  local ok, a = scenario.on_main(function() return coroutine.resume(co) end)
  assert(ok and a == "a" and n == 1)
end)
