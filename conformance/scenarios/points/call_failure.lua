--- An error in a function run by thread:call is its own; the body goes on.
local scenario = ...

local thread = scenario.start(function() scenario.pause(); return "body" end)
thread:step()
local ok, why = thread:call(function() error("in the call", 0) end):join()
assert(not ok and why == "in the call")
local ok, result = thread:join()
assert(ok and result == "body")
