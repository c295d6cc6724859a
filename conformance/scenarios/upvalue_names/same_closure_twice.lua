--- Two closures made by one function have variables of their own.
local scenario = ...

local function counter()
  local n = 0
  return function() n = n + 1; return n end
end
local a, b = counter(), counter()
scenario.run(function() a(); a(); b() end)
assert(a() == 3 and b() == 2)
