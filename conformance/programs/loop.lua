--- Stresses the numeric `for` and `while` loop: additions, multiplications, comparisons and `%` on locals only.
-- core: true

local function triangle(n)
  local sum = 0
  for i = 1, n do
    sum = sum + i
  end
  return sum
end

local function alternating(n)
  local sum, sign = 0, 1
  for i = n, 1, -1 do
    sum = sum + sign * i
    sign = -sign
  end
  return sum
end

local function collatz(limit)
  local longest, at = 0, 0
  for start = 1, limit do
    local n, steps = start, 0
    while n ~= 1 do
      if n % 2 == 0 then
        n = n / 2
      else
        n = 3 * n + 1
      end
      steps = steps + 1
    end
    if steps > longest then
      longest, at = steps, start
    end
  end
  return longest * 1000000 + at
end

local sum = 0
for i = 1, 15 do
  sum = sum + triangle(2000000 + i) + alternating(2000000 + i)
end
print("checksum " .. sum .. " " .. collatz(90000))
