--- Tables with the same contents stay different.
local scenario = ...

local a, b = { 1 }, { 1 }
scenario.run(function()
  assert(a ~= b)
  a[1] = 2
end)
assert(a[1] == 2 and b[1] == 1)
