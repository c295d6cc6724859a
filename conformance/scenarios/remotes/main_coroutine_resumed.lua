--- A coroutine of main can be resumed by the thread.
local scenario = ...

local n = 0
local co = coroutine.create(function() n = n + 1; coroutine.yield("a"); return "b" end)
local ok, a = scenario.run(function() return coroutine.resume(co) end)
assert(ok and a == "a" and n == 1)
