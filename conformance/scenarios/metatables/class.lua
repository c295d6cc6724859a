--- An object of a class keeps its class: methods, fields and identity of the metatable.
local scenario = ...

local Point = {}
Point.__index = Point
function Point.new(x) return setmetatable({ x = x }, Point) end
function Point:move(d) self.x = self.x + d end
local p = Point.new(1)
local q = scenario.run(function()
  p:move(2)
  assert(getmetatable(p) == Point)
  return Point.new(9)
end)
assert(p.x == 3 and getmetatable(q) == Point and q.x == 9)
q:move(1)
assert(q.x == 10)
