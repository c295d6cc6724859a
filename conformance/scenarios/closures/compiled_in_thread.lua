--- A function that the thread compiles from text works on main.
local scenario = ...

local f = scenario.run(function()
  return assert(loadstring("local n = ... return function() n = n + 1 return n end"))(5)
end)
assert(f() == 6 and f() == 7)
