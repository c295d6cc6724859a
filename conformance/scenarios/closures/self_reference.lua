--- A function that is its own upvalue crosses as itself.
local scenario = ...

local self
self = function() return self end
local same = scenario.run(function() return self() == self and self end)
assert(same == self)
