--- A table that is an argument and an upvalue is one.
local scenario = ...

local t = {}
scenario.run(function(x) assert(x == t) end, t)
