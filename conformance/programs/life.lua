--- Stresses Conway's game of life twice: on a grid of arrays with wrap-around, and on a sparse set of string keys.

local total = 0

-- Dense: two grids of rows.
local width, height = 64, 64
local grid, spare = {}, {}
for y = 1, height do
  grid[y], spare[y] = {}, {}
  for x = 1, width do
    grid[y][x] = (x * y + x + y * 3) % 5 == 0 and 1 or 0
    spare[y][x] = 0
  end
end
for _ = 1, 500 do
  for y = 1, height do
    local above = grid[y > 1 and y - 1 or height]
    local row = grid[y]
    local below = grid[y < height and y + 1 or 1]
    local out = spare[y]
    for x = 1, width do
      local left = x > 1 and x - 1 or width
      local right = x < width and x + 1 or 1
      local n = above[left] + above[x] + above[right] + row[left] + row[right] + below[left] + below[x] + below[right]
      if n == 3 or (n == 2 and row[x] == 1) then
        out[x] = 1
      else
        out[x] = 0
      end
    end
  end
  grid, spare = spare, grid
end
for y = 1, height do
  for x = 1, width do
    total = total + grid[y][x] * (x + y)
  end
end

-- Sparse: a set of cells named "x,y".
local cells = {}
local function add(x, y)
  cells[x .. "," .. y] = { x = x, y = y }
end
for i = 0, 40 do
  add(i, 0)
  add(i, i % 3 + 1)
end
local population = 0
for _ = 1, 250 do
  local counts = {}
  for _, cell in pairs(cells) do
    for dy = -1, 1 do
      for dx = -1, 1 do
        if dx ~= 0 or dy ~= 0 then
          local x, y = cell.x + dx, cell.y + dy
          local key = x .. "," .. y
          local seen = counts[key]
          if seen then
            seen.n = seen.n + 1
          else
            counts[key] = { x = x, y = y, n = 1 }
          end
        end
      end
    end
  end
  local following = {}
  population = 0
  for key, cell in pairs(counts) do
    if cell.n == 3 or (cell.n == 2 and cells[key]) then
      following[key] = cell
      population = population + 1
    end
  end
  cells = following
  total = total + population
end

print("checksum " .. total .. " " .. population)
