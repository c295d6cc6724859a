--- A table that is its own metatable crosses.
local scenario = ...

local t = {}
t.__index = function(_, k) return k end
setmetatable(t, t)
scenario.run(function() assert(t.foo == "foo" and getmetatable(t) == t) end)
