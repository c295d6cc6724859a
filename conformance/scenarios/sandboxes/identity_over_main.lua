--- An object that comes back over two threads is the original.
local scenario = ...

local t, f = {}, function() end
local a, g = scenario.run(function() return t, f end)
local b, h = scenario.run(function(x, y) return x, y end, a, g)
assert(b == t and h == f)
