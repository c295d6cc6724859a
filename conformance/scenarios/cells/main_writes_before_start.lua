--- The thread sees what main wrote before it started.
local scenario = ...

local x = 1
local function body() return x end
x = 2
assert(scenario.run(body) == 2)
