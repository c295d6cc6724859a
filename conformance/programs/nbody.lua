--- Stresses floating-point arithmetic on record fields: a gravitational simulation of five bodies.
-- core: true

local sqrt, floor = math.sqrt, math.floor

local function body(x, y, z, vx, vy, vz, mass)
  return { x = x, y = y, z = z, vx = vx, vy = vy, vz = vz, mass = mass }
end

local bodies = {
  body(0, 0, 0, 0, 0, 0, 40),
  body(5, -1, -0.1, 0.6, 2.8, -0.02, 0.04),
  body(8, 4, -0.4, -1.0, 1.8, 0.01, 0.012),
  body(13, -15, -0.2, 1.1, 0.9, -0.01, 0.0017),
  body(15, -26, 0.2, 1.0, 0.6, -0.03, 0.002),
}

local function advance(list, n, dt)
  for i = 1, n do
    local a = list[i]
    local ax, ay, az, am = a.x, a.y, a.z, a.mass
    for j = i + 1, n do
      local b = list[j]
      local dx, dy, dz = ax - b.x, ay - b.y, az - b.z
      local d2 = dx * dx + dy * dy + dz * dz
      local mag = dt / (d2 * sqrt(d2))
      local f = b.mass * mag
      a.vx = a.vx - dx * f
      a.vy = a.vy - dy * f
      a.vz = a.vz - dz * f
      f = am * mag
      b.vx = b.vx + dx * f
      b.vy = b.vy + dy * f
      b.vz = b.vz + dz * f
    end
  end
  for i = 1, n do
    local a = list[i]
    a.x = a.x + dt * a.vx
    a.y = a.y + dt * a.vy
    a.z = a.z + dt * a.vz
  end
end

local function energy(list, n)
  local e = 0
  for i = 1, n do
    local a = list[i]
    e = e + 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
    for j = i + 1, n do
      local b = list[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      e = e - a.mass * b.mass / sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return e
end

local before = energy(bodies, 5)
for _ = 1, 230000 do
  advance(bodies, 5, 0.001)
end
print("checksum " .. floor(before * 1e9) .. " " .. floor(energy(bodies, 5) * 1e9))
