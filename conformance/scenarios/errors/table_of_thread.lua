--- An error table that the thread makes arrives with its fields and metatable.
local scenario = ...

local mt = { __tostring = function(e) return "E" .. e.code end }
local ok, why = scenario.start(function() error(setmetatable({ code = 7 }, mt)) end):join()
assert(not ok and why.code == 7 and getmetatable(why) == mt and tostring(why) == "E7")
