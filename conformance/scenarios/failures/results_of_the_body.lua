--- The body's results arrive (threading.nvim: lost).
local scenario = ...

local a, b = scenario.run(function() return "a", nil end)
assert(a == "a" and b == nil)
