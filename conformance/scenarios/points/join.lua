--- After join main sees all writes, of variables and tables, at once.
local scenario = ...

local a, b, t = nil, nil, { { {} } }
local thread = scenario.start(function() a, b, t[1][1].x = 1, 2, 3 end)
assert(thread:join())
assert(a == 1 and b == 2 and t[1][1].x == 3)
