--- A table that crosses back is the original.
local scenario = ...

local t = {}
assert(scenario.run(function() return t end) == t)
