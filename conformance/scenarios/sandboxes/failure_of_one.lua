--- A thread that fails leaves the others and main's variables alone.
local scenario = ...

local n = 0
local good = scenario.start(function() scenario.pause(); n = n + 1; return "good" end)
good:step()
local bad = scenario.start(function() error("bad") end)
assert(not bad:join())
local ok, result = good:join()
assert(ok and result == "good" and n == 1)
