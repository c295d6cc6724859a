--- Stresses metamethods: `__add`, `__sub`, `__mul`, `__unm`, `__eq`, `__lt`, `__le`, `__call`, `__concat`, `__newindex`
--- and `__tostring` of small objects.

local Vector = {}
Vector.__index = Vector

local function vector(x, y, z)
  return setmetatable({ x = x, y = y, z = z }, Vector)
end

function Vector.__add(a, b)
  return vector(a.x + b.x, a.y + b.y, a.z + b.z)
end
function Vector.__sub(a, b)
  return vector(a.x - b.x, a.y - b.y, a.z - b.z)
end
function Vector.__mul(a, b)
  if type(a) == "number" then
    return vector(a * b.x, a * b.y, a * b.z)
  elseif type(b) == "number" then
    return vector(a.x * b, a.y * b, a.z * b)
  end
  return a.x * b.x + a.y * b.y + a.z * b.z
end
function Vector.__unm(a)
  return vector(-a.x, -a.y, -a.z)
end
function Vector.__eq(a, b)
  return a.x == b.x and a.y == b.y and a.z == b.z
end
function Vector.__lt(a, b)
  return a * a < b * b
end
function Vector.__le(a, b)
  return a * a <= b * b
end
function Vector.__call(self, name)
  return self[name]
end
function Vector.__concat(a, b)
  return tostring(a) .. tostring(b)
end
function Vector.__tostring(a)
  return "(" .. a.x .. "," .. a.y .. "," .. a.z .. ")"
end

local total = 0
local position, velocity = vector(0, 0, 0), vector(1, 2, 3)
local pull = vector(-1, 0, 1)
for i = 1, 240000 do
  position = position + velocity * 2 - pull
  velocity = velocity + -pull
  if velocity > position then
    velocity = -velocity
  end
  if position >= velocity and position ~= velocity then
    total = total + 1
  end
  if velocity * velocity > 1e6 then
    velocity = vector(1, 2, i % 5)
    position = vector(0, i % 3, 0)
  end
  total = (total + position("x") + velocity("z")) % 1000000007
end

for i = 1, 40000 do
  local s = vector(i, 1, 2) .. vector(3, i, 4)
  total = total + #s
end

-- Every write goes through a proxy.
local store, writes = {}, 0
local proxy = setmetatable({}, {
  __index = store,
  __newindex = function(_, key, value)
    writes = writes + 1
    store[key] = value
  end,
})
for i = 1, 400000 do
  local key = i % 10
  proxy[key] = (proxy[key] or 0) + i
end
total = total + writes + store[3]

print("checksum " .. total)
