--- join gives the same results a second time.
local scenario = ...

local t = {}
local thread = scenario.start(function() return t, nil, "x" end)
local ok, a, b, c = thread:join()
local ok2, d, e, f = thread:join()
assert(ok and ok2 and a == t and d == t and b == nil and e == nil and c == "x" and f == "x")
