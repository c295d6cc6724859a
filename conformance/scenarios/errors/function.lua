--- An error may be a function, which can be called.
local scenario = ...

local n = 0
local ok, why = scenario.start(function() error(function() n = n + 1; return n end) end):join()
assert(not ok and why() == 1 and n == 1)
