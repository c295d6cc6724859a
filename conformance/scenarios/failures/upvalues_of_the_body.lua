--- The body's own upvalues have their values (threading.nvim: silently nil).
local scenario = ...

local number, text, t = 1, "text", { 1 }
local a, b, c = scenario.run(function() return number, text, t end)
assert(a == 1 and b == "text" and c == t)
