--- A userdata of main can be indexed in the thread.
local scenario = ...

local u = newproxy(true)
getmetatable(u).__index = function(_, k) return k .. "!" end
assert(scenario.run(function() return u.field end) == "field!")
