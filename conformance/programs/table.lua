--- Stresses table access: arrays that grow by appending, random reads and writes, nested tables and records with
--- constant keys.
-- core: true

local total = 0

-- Growing by assignment to the next index.
for _ = 1, 70 do
  local list = {}
  for i = 1, 50000 do
    list[i] = i
  end
  total = total + #list
end

-- Random access in an array that stays.
local size = 20000
local cells = {}
for i = 1, size do
  cells[i] = i
end
local at = 1
for _ = 1, 7000000 do
  at = (at * 7 + 3) % size + 1
  cells[at] = cells[at] + cells[size - at + 1] % 3
end
for i = 1, size do
  total = (total + cells[i]) % 1000000007
end

-- Records.
local points = {}
for i = 1, 2000 do
  points[i] = { x = i, y = i * 2, name = "p" }
end
for round = 1, 700 do
  for i = 1, 2000 do
    local p = points[i]
    p.x, p.y = p.y + round, p.x
  end
end
for i = 1, 2000 do
  total = (total + points[i].x * 3 + points[i].y) % 1000000007
end

-- A table of tables.
local grid = {}
for y = 1, 100 do
  local row = {}
  for x = 1, 100 do
    row[x] = x * y
  end
  grid[y] = row
end
for _ = 1, 120 do
  for y = 2, 99 do
    for x = 2, 99 do
      grid[y][x] = (grid[y - 1][x] + grid[y + 1][x] + grid[y][x - 1] + grid[y][x + 1]) % 1009
    end
  end
end
total = total + grid[50][50] * 1000 + grid[13][77]

print("checksum " .. total)
