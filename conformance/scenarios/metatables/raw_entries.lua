--- Entries under __index cross raw: no metamethod runs when a table crosses.
local scenario = ...

local ran = 0
local t = setmetatable({ x = 1 }, { __index = function() ran = ran + 1 end, __newindex = function() ran = ran + 1 end })
scenario.run(function() assert(rawget(t, "x") == 1); t.x = 2 end)
assert(t.x == 2 and ran == 0)
