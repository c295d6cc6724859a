--- An error that is a table is that table.
local scenario = ...

local token = { "token" }
local ok, why = scenario.start(function() error(token) end):join()
assert(not ok and why == token)
