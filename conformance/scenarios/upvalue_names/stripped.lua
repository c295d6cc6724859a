--- Functions without debug information, whose upvalues have no names, share them all the same.
local scenario = ...

local chunk = loadstring(string.dump(loadstring([[
  local a, b = 1, 2
  return function() a, b = b, a; return a, b end, function() return a, b end
]]), true))
local swap, get = chunk()
scenario.run(function() swap() end)
local a, b = get()
assert(a == 2 and b == 1)
