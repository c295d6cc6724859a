--- A table argument is the same table: the thread's writes are seen.
local scenario = ...

local t = { n = 1 }
scenario.run(function(x) x.n = x.n + 1; x.new = "key" end, t)
assert(t.n == 2 and t.new == "key")
