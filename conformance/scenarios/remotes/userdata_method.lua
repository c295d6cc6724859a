--- A method of main's userdata works in the thread.
local scenario = ...

local u, got = newproxy(true), nil
getmetatable(u).__index = { set = function(_, x) got = x; return x end }
assert(scenario.run(function() return u:set(5) end) == 5)
assert(got == 5)
