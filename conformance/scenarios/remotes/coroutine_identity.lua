--- A coroutine of main crosses to the thread and back as the same.
local scenario = ...

local co = coroutine.create(function() end)
assert(scenario.run(function(x) assert(x == co); return co end, co) == co)
