--- Writes made before an error are kept.
local scenario = ...

local x = 1
local ok = scenario.start(function() x = 2; error("after the write") end):join()
assert(not ok and x == 2)
