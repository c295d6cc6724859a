--- What the thread writes to main's variable is there after join.
local scenario = ...

local x = 1
scenario.run(function() x = x + 41 end)
assert(x == 42)
