--- The empty string is not nil.
local scenario = ...

local s = ""
assert(scenario.run(function(x) assert(x == "" and s == ""); return "" end, "") == "")
