--- The same table twice among the arguments is one.
local scenario = ...

local t = {}
scenario.run(function(a, n, b)
  assert(a == b and n == nil)
  a.x = 1
  assert(b.x == 1)
end, t, nil, t)
assert(t.x == 1)
