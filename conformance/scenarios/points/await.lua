--- When await calls back, main sees all writes and has the results.
local scenario = ...

local x, seen, value = 0, nil, nil
local thread = scenario.start(function() x = 5; return "result" end)
thread:await(function(ok, result) seen, value = ok and x, result end)
assert(thread:join())
assert(seen == 5 and value == "result")
