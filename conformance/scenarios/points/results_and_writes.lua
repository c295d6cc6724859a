--- Results refer to the same objects as the variables written before.
local scenario = ...

local kept
local thread = scenario.start(function() kept = { 1 }; return kept, function() return kept end end)
local ok, t, get = thread:join()
assert(ok and t == kept and get() == kept)
