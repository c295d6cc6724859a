--- A weak table's mode crosses, and its living entries do.
local scenario = ...

local key = {}
local t = setmetatable({ [key] = "v" }, { __mode = "k" })
scenario.run(function() assert(t[key] == "v" and getmetatable(t).__mode == "k") end)
scenario.collect()
assert(t[key] == "v")
