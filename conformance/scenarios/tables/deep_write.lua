--- A write five levels down arrives.
local scenario = ...

local t = { { { { { "old" } } } } }
scenario.run(function() t[1][1][1][1][1] = "new" end)
assert(t[1][1][1][1][1] == "new")
