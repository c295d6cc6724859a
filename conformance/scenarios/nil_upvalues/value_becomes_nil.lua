--- An upvalue that the thread sets to nil is nil on main.
local scenario = ...

local x = "set"
scenario.run(function() x = nil end)
assert(x == nil)
