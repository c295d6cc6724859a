--- A nil upvalue between two others shifts none of them.
local scenario = ...

local a, b, c = 1, nil, 3
local x, y, z = scenario.run(function() return a, b, c end)
assert(x == 1 and y == nil and z == 3)
