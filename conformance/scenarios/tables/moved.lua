--- A table moved from one key to another, over both sides, stays one.
local scenario = ...

local t = { a = { "x" } }
local a = t.a
scenario.run(function() t.b, t.a = t.a, nil end)
assert(t.b == a and t.a == nil)
a[1] = "y"
assert(t.b[1] == "y")
