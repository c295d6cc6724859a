--- A function with an environment of its own keeps it.
local scenario = ...

local env = { x = 1 }
local f = setfenv(function() x = x + 1; return x end, env)
assert(scenario.run(function() return f() end) == 2)
assert(env.x == 2 and f() == 3)
