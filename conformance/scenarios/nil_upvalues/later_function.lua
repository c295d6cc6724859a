--- A nil upvalue that becomes a function on the thread is one on main.
local scenario = ...

local f
scenario.run(function()
  local n = 0
  f = function() n = n + 1; return n end
end)
assert(type(f) == "function" and f() == 1 and f() == 2)
