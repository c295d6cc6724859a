--- The length of main's userdata is asked of main.
local scenario = ...

local u = newproxy(true)
getmetatable(u).__len = function() return 7 end
assert(scenario.run(function() return #u end) == 7)
