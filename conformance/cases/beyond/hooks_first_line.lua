--- The rest of the line in which a hook is set is a new line; in LuaJIT it may not be.
-- diverges: there it depends on whether the frame has made a closure or run into the collector on that line.

local lines = 0
debug.sethook(function() lines = lines + 1 end, "l") local here = 1
debug.sethook()
assert(lines == 2)
