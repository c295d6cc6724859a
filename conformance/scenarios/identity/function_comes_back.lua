--- A function that crosses back is the original.
local scenario = ...

local f = function() end
local function g() return f end
local a, b = scenario.run(function(x) return x, g() end, f)
assert(a == f and b == f)
