--- A key deleted on one side is gone on the other.
local scenario = ...

local t = { a = 1, b = 2, 10, 20, 30 }
scenario.run(function() t.a = nil; t[3] = nil end)
assert(t.a == nil and t.b == 2 and #t == 2)
