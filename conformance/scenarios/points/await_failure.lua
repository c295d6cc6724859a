--- await calls back with the error too.
local scenario = ...

local ok_seen, why_seen
local token = {}
local thread = scenario.start(function() error(token) end)
thread:await(function(ok, why) ok_seen, why_seen = ok, why end)
thread:join()
assert(ok_seen == false and why_seen == token)
