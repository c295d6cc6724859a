--- Stresses two-dimensional arrays: multiplication, transposition and elimination of square matrices.

local function make(n, f)
  local m = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do
      row[j] = f(i, j)
    end
    m[i] = row
  end
  return m
end

local function multiply(a, b, n)
  local c = {}
  for i = 1, n do
    local row, ai = {}, a[i]
    for j = 1, n do
      local sum = 0
      for k = 1, n do
        sum = sum + ai[k] * b[k][j]
      end
      row[j] = sum
    end
    c[i] = row
  end
  return c
end

local function transpose(a, n)
  return make(n, function(i, j)
    return a[j][i]
  end)
end

local function determinant(a, n)
  local sign, product = 1, 1
  for k = 1, n do
    local pivot = k
    for i = k + 1, n do
      if math.abs(a[i][k]) > math.abs(a[pivot][k]) then
        pivot = i
      end
    end
    if pivot ~= k then
      a[k], a[pivot] = a[pivot], a[k]
      sign = -sign
    end
    local ak = a[k]
    product = product * ak[k] % 1000003
    for i = k + 1, n do
      local ai = a[i]
      local factor = ai[k] / ak[k]
      for j = k, n do
        ai[j] = ai[j] - factor * ak[j]
      end
    end
  end
  return sign * product
end

local n = 220
local a = make(n, function(i, j)
  return (i * j + i) % 7 - 3
end)
local b = make(n, function(i, j)
  return (i + 2 * j) % 5 - 2
end)
local c = multiply(a, b, n)
c = multiply(c, transpose(a, n), n)

local total = 0
for i = 1, n do
  for j = 1, n do
    total = total + c[i][j] * (i % 3 + j % 2)
  end
end

local spread = make(n, function(i, j)
  return i == j and 4 or 1 / (i + j)
end)
local det = determinant(spread, n)

print("checksum " .. total .. " " .. math.floor(det * 1000))
