--- A shadowed variable and the one that shadows it stay two.
local scenario = ...

local x = 1
local function outer() x = x + 1; return x end
local x = 10
local function inner() x = x + 10; return x end
scenario.run(function() outer(); inner() end)
assert(outer() == 3 and inner() == 30 and x == 30)
