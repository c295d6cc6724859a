--- tostring of main's userdata in the thread asks main.
local scenario = ...

local u = newproxy(true)
getmetatable(u).__tostring = function() return "the proxy" end
assert(scenario.run(function() return tostring(u) end) == "the proxy")
