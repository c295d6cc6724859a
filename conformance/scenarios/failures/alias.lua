--- {x, x} holds one table twice (threading.nvim: two tables).
local scenario = ...

local x = { 1 }
local list = { x, x }
scenario.run(function(l) assert(l[1] == l[2]); l[1][1] = 2 end, list)
assert(list[2][1] == 2 and list[1] == list[2])
