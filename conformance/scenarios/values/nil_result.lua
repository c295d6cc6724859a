--- Results keep their nils, also the last ones.
local scenario = ...

local function count(...) return select("#", ...), ... end
local n, a, b, c = count(scenario.run(function() return nil, 2, nil end))
assert(n == 3 and a == nil and b == 2 and c == nil)
