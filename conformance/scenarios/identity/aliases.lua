--- {x, x} arrives as one table twice.
local scenario = ...

local x = {}
scenario.run(function(list)
  assert(list[1] == list[2])
  list[1].n = 1
  assert(list[2].n == 1)
end, { x, x })
assert(x.n == 1)
