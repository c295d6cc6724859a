--- Stresses objects: method calls by `obj:name()`, classes three levels deep through `__index` tables and one through an
--- `__index` function, and field reads and writes on `self`.
-- core: true

local function class(parent)
  local c = {}
  c.__index = c
  if parent then
    setmetatable(c, { __index = parent })
  end
  return c
end

local Shape = class()
function Shape.init(self, x, y)
  self.x, self.y, self.moves = x, y, 0
  return self
end
function Shape:move(dx, dy)
  self.x = self.x + dx
  self.y = self.y + dy
  self.moves = self.moves + 1
  return self
end
function Shape:area()
  return 0
end
function Shape:describe()
  return self:area() + self.moves
end

local Rectangle = class(Shape)
function Rectangle.new(x, y, w, h)
  local r = setmetatable({}, Rectangle)
  Shape.init(r, x, y)
  r.w, r.h = w, h
  return r
end
function Rectangle:area()
  return self.w * self.h
end

local Square = class(Rectangle)
function Square.new(x, y, side)
  return setmetatable(Rectangle.new(x, y, side, side), Square)
end
function Square:grow(by)
  self.w = self.w + by
  self.h = self.h + by
  return self
end

-- Looks its members up through a function instead of a table.
local Ghost = {}
local ghost_members = {
  area = function()
    return 7
  end,
}
Ghost.__index = function(_, key)
  return ghost_members[key] or Shape[key]
end

local total = 0
for round = 1, 36000 do
  local rectangle = Rectangle.new(round, round, 3, 4)
  local square = Square.new(round, round, 5)
  local ghost = Shape.init(setmetatable({}, Ghost), 0, 0)
  for i = 1, 20 do
    rectangle:move(1, i):move(-1, 1)
    square:move(i, i):grow(1)
    ghost:move(i, 1)
    total = total + rectangle:describe() + square:describe() + ghost:describe()
  end
  total = (total + square.x + rectangle.y + ghost.x) % 1000000007
end

print("checksum " .. total)
