--- Packed varargs with n cross as a table.
local scenario = ...

local packed = scenario.run(function(...) return { n = select("#", ...), ... } end, nil, "b", nil)
assert(packed.n == 3 and packed[1] == nil and packed[2] == "b" and packed[3] == nil)
