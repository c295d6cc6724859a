--- Stresses floating-point arithmetic on locals: escape times of the Mandelbrot set.

local function mandelbrot(width, height, limit)
  local total, inside = 0, 0
  for py = 0, height - 1 do
    local ci = 2 * py / height - 1
    for px = 0, width - 1 do
      local cr = 3 * px / width - 2
      local zr, zi, zr2, zi2 = 0, 0, 0, 0
      local steps = 0
      while steps < limit and zr2 + zi2 <= 4 do
        zi = 2 * zr * zi + ci
        zr = zr2 - zi2 + cr
        zr2, zi2 = zr * zr, zi * zi
        steps = steps + 1
      end
      total = total + steps
      if steps == limit then
        inside = inside + 1
      end
    end
  end
  return total, inside
end

local total, inside = mandelbrot(600, 400, 250)
print("checksum " .. total .. " " .. inside)
