--- An error in the body is the failure of join, with file and line.
local scenario = ...

local ok, why = scenario.start(function() error("broken") end):join()
assert(not ok and why:match("string.lua:%d+: broken"))
