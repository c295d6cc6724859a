--- A table in an upvalue is the same table.
local scenario = ...

local t = {}
scenario.run(function() t[1], t.x = "one", "x" end)
assert(t[1] == "one" and t.x == "x")
