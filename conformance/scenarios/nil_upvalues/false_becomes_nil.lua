--- false and nil are told apart when one becomes the other.
local scenario = ...

local a, b = false, nil
scenario.run(function()
  assert(a == false and b == nil)
  a, b = nil, false
end)
assert(a == nil and b == false)
