--- A table of one thread reaches another over main.
local scenario = ...

local t = scenario.run(function() return { from = "first" } end)
scenario.run(function() assert(t.from == "first"); t.to = "second" end)
assert(t.to == "second")
