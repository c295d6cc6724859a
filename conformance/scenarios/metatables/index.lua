--- A shared table's __index function runs on both sides.
local scenario = ...

local t = setmetatable({}, { __index = function(_, k) return k .. "!" end })
assert(scenario.run(function() return t.x end) == "x!")
assert(t.y == "y!")
