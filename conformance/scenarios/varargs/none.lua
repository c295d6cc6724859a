--- No arguments and no results are none.
local scenario = ...

local function count(...) return select("#", ...) end
assert(count(scenario.run(function(...) assert(select("#", ...) == 0) end)) == 0)
