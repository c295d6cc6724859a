--- Standard functions are there for code that crossed, under their names.
local scenario = ...

local function use() return type(pairs) == "function" and tostring(1) .. string.upper("x") .. #table.concat({ "ab" }) end
assert(scenario.run(function() return use() end) == "1X2")
