--- An upvalue that is nil when it crosses can be assigned by the thread.
local scenario = ...

local x
scenario.run(function() assert(x == nil); x = "set" end)
assert(x == "set")
