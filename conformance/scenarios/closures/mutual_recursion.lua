--- Two functions that refer to each other cross together.
local scenario = ...

local is_odd
local function is_even(n) return n == 0 or is_odd(n - 1) end
function is_odd(n) return n ~= 0 and is_even(n - 1) end
assert(scenario.run(function() return is_even(10), assert(is_odd(7)) end) == true)
