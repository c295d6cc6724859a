--- Functions in tables cross with them: a small object with methods works on both sides.
local scenario = ...

local object = { n = 0 }
function object:add(x)
  self.n = self.n + x
  return self
end
scenario.run(function() object:add(1):add(2) end)
assert(object.n == 3 and object:add(4).n == 7)
