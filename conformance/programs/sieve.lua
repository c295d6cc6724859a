--- Stresses an array of booleans: the sieve of Eratosthenes, with strided writes over a large table.

local function sieve(n)
  local composite = {}
  for i = 1, n do
    composite[i] = false
  end
  local i = 2
  while i * i <= n do
    if not composite[i] then
      for j = i * i, n, i do
        composite[j] = true
      end
    end
    i = i + 1
  end
  local count, last = 0, 0
  for k = 2, n do
    if not composite[k] then
      count, last = count + 1, k
    end
  end
  return count, last
end

local total = 0
for round = 1, 12 do
  local count, last = sieve(800000 + round)
  total = total + count + last
end
print("checksum " .. total)
