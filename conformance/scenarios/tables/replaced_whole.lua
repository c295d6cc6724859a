--- A table variable that gets another table refers to that one on both sides.
local scenario = ...

local t = { 1 }
local old = t
scenario.run(function() t = { 2 } end)
assert(t ~= old and t[1] == 2 and old[1] == 1)
