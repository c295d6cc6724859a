--- A userdata of main crosses to the thread and back as the same.
local scenario = ...

local u = newproxy(true)
local back = scenario.run(function(x) assert(x == u and type(x) == "userdata"); return x end, u)
assert(back == u)
