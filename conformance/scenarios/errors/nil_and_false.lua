--- An error may be nil, false or a number.
local scenario = ...

local ok, why = scenario.start(function() error(nil) end):join()
assert(ok == false and why == nil)
ok, why = scenario.start(function() error(false) end):join()
assert(ok == false and why == false)
ok, why = scenario.start(function() error(42, 0) end):join()
assert(ok == false and why == 42)
