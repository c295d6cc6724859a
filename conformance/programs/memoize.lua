--- Stresses memoization: closures over caches keyed by numbers and strings, an edit distance and partitions of numbers.

local function memoize(f)
  local cache = {}
  return function(a)
    local value = cache[a]
    if value == nil then
      value = f(a)
      cache[a] = value
    end
    return value
  end
end

local function memoize2(f)
  local cache = {}
  return function(a, b)
    local key = a .. "/" .. b
    local value = cache[key]
    if value == nil then
      value = f(a, b)
      cache[key] = value
    end
    return value
  end
end

local total = 0

for round = 1, 800 do
  local fib
  fib = memoize(function(n)
    if n < 2 then
      return n
    end
    return (fib(n - 1) + fib(n - 2)) % 1000007
  end)
  for i = 1, 1500 do
    total = (total + fib(i) + round) % 1000000007
  end
end

for _ = 1, 50 do
  local partitions
  partitions = memoize2(function(n, largest)
    if n == 0 then
      return 1
    elseif n < 0 or largest == 0 then
      return 0
    end
    return (partitions(n, largest - 1) + partitions(n - largest, largest)) % 1000003
  end)
  total = total + partitions(130, 130)
end

local a = ("kitten sitting on the mat "):rep(4)
local b = ("sitting kitten at the mall"):rep(4)
local distance
distance = memoize2(function(i, j)
  if i == 0 then
    return j
  elseif j == 0 then
    return i
  elseif a:byte(i) == b:byte(j) then
    return distance(i - 1, j - 1)
  end
  return 1 + math.min(distance(i - 1, j), distance(i, j - 1), distance(i - 1, j - 1))
end)
total = total + distance(#a, #b)

print("checksum " .. total)
