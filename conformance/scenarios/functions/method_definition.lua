--- Functions defined as methods by the thread have their self on main.
local scenario = ...

local object = scenario.run(function()
  local o = { n = 1 }
  function o:get(x) return self.n + x end
  function o.static(x) return x end
  return o
end)
assert(object:get(1) == 2 and object.static(3) == 3)
