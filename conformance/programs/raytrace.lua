--- Stresses numeric objects: a small ray tracer with spheres and a plane, vectors as tables, polymorphic `hit` methods.

local sqrt, floor = math.sqrt, math.floor

local function vec(x, y, z)
  return { x = x, y = y, z = z }
end
local function add(a, b)
  return vec(a.x + b.x, a.y + b.y, a.z + b.z)
end
local function subtract(a, b)
  return vec(a.x - b.x, a.y - b.y, a.z - b.z)
end
local function scale(a, k)
  return vec(a.x * k, a.y * k, a.z * k)
end
local function dot(a, b)
  return a.x * b.x + a.y * b.y + a.z * b.z
end
local function normalize(a)
  return scale(a, 1 / sqrt(dot(a, a)))
end

local Sphere = {}
Sphere.__index = Sphere
function Sphere:hit(origin, direction)
  local to = subtract(self.center, origin)
  local along = dot(to, direction)
  local off = dot(to, to) - along * along
  local r2 = self.radius * self.radius
  if off > r2 then
    return nil
  end
  local half = sqrt(r2 - off)
  if along - half > 0.0001 then
    return along - half
  elseif along + half > 0.0001 then
    return along + half
  end
end
function Sphere:normal(point)
  return scale(subtract(point, self.center), 1 / self.radius)
end

local Plane = {}
Plane.__index = Plane
function Plane:hit(origin, direction)
  if direction.y > -0.0001 and direction.y < 0.0001 then
    return nil
  end
  local t = (self.height - origin.y) / direction.y
  if t > 0.0001 then
    return t
  end
end
function Plane:normal()
  return vec(0, 1, 0)
end

local scene = {
  setmetatable({ center = vec(0, 0, 6), radius = 1.5, bright = 0.9, mirror = 0.3 }, Sphere),
  setmetatable({ center = vec(2, 0.5, 5), radius = 1, bright = 0.6, mirror = 0.5 }, Sphere),
  setmetatable({ center = vec(-2, -0.3, 4), radius = 0.8, bright = 0.8, mirror = 0.1 }, Sphere),
  setmetatable({ height = -1.5, bright = 0.5, mirror = 0.2 }, Plane),
}
local light = normalize(vec(-1, 2, -1))

local function nearest(origin, direction)
  local best, object = 1e30, nil
  for i = 1, #scene do
    local t = scene[i]:hit(origin, direction)
    if t and t < best then
      best, object = t, scene[i]
    end
  end
  return object, best
end

local function trace(origin, direction, depth)
  local object, t = nearest(origin, direction)
  if not object then
    return 0.2
  end
  local point = add(origin, scale(direction, t))
  local normal = object:normal(point)
  local shade = 0.1
  local facing = dot(normal, light)
  if facing > 0 and not nearest(point, light) then
    shade = shade + object.bright * facing
  end
  if depth > 0 then
    local mirrored = subtract(direction, scale(normal, 2 * dot(normal, direction)))
    shade = shade + object.mirror * trace(point, mirrored, depth - 1)
  end
  return shade
end

local width, height = 400, 280
local total = 0
for y = 0, height - 1 do
  for x = 0, width - 1 do
    local direction = normalize(vec((x - width / 2) / width * 2, (height / 2 - y) / width * 2, 1))
    total = total + floor(trace(vec(0, 0, 0), direction, 3) * 255)
  end
end
print("checksum " .. total)
