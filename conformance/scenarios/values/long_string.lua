--- A string of a megabyte crosses both ways.
local scenario = ...

local long = ("0123456789abcdef"):rep(65536)
local back = scenario.run(function() return #long, long:upper() end)
assert(back == 1048576)
