--- Stresses backtracking: the queens problem by recursion over three arrays of flags, counting all solutions.

local function solve(n)
  local column, up, down = {}, {}, {}
  local solutions = 0
  local function place(row)
    if row > n then
      solutions = solutions + 1
      return
    end
    for c = 1, n do
      if not column[c] and not up[row + c] and not down[row - c + n] then
        column[c], up[row + c], down[row - c + n] = true, true, true
        place(row + 1)
        column[c], up[row + c], down[row - c + n] = false, false, false
      end
    end
  end
  place(1)
  return solutions
end

local total = 0
for n = 4, 12 do
  total = total * 3 + solve(n)
end
print("checksum " .. total)
