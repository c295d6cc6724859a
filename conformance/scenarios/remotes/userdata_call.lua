--- A userdata of main can be called in the thread.
local scenario = ...

local u = newproxy(true)
getmetatable(u).__call = function(_, a, b) return a + b end
assert(scenario.run(function() return u(1, 2) end) == 3)
