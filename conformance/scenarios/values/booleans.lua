--- false and true cross as themselves, never as nil.
local scenario = ...

local f, t = false, true
local a, b = scenario.run(function(x)
  assert(f == false and t == true and x == false)
  f, t = t, f
  return false, true
end, false)
assert(a == false and b == true and f == true and t == false)
