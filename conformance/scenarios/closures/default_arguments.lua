--- Functions that cross keep their parameters apart from their variables.
local scenario = ...

local x = "variable"
local function f(x, y) return x, y end
local a, b = scenario.run(function() return f("argument") end)
assert(a == "argument" and b == nil and x == "variable")
