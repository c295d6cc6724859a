--- Stresses nested loops over arrays with a small function called for each element; floating-point division.

local function a(i, j)
  local ij = i + j - 1
  return 1 / (ij * (ij - 1) * 0.5 + i)
end

local function multiply(n, v, out)
  for i = 1, n do
    local sum = 0
    for j = 1, n do
      sum = sum + a(i, j) * v[j]
    end
    out[i] = sum
  end
end

local function multiply_transposed(n, v, out)
  for i = 1, n do
    local sum = 0
    for j = 1, n do
      sum = sum + a(j, i) * v[j]
    end
    out[i] = sum
  end
end

local n = 500
local u, v, t = {}, {}, {}
for i = 1, n do
  u[i] = 1
end
for _ = 1, 10 do
  multiply(n, u, t)
  multiply_transposed(n, t, v)
  multiply(n, v, t)
  multiply_transposed(n, t, u)
end

local uv, vv = 0, 0
for i = 1, n do
  uv = uv + u[i] * v[i]
  vv = vv + v[i] * v[i]
end
print("checksum " .. math.floor(math.sqrt(uv / vv) * 1e9))
