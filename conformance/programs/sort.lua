--- Stresses `table.sort` with a comparison function: numbers descending, records by two keys, strings by length.
-- core: true

local seed = 42
local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n + 1
end

local total = 0

local numbers = {}
for i = 1, 150000 do
  numbers[i] = random(1000000)
end
table.sort(numbers, function(a, b)
  return a > b
end)
for i = 1, #numbers, 100 do
  total = (total * 31 + numbers[i]) % 1000000007
end

local people = {}
for i = 1, 80000 do
  people[i] = { age = random(90), id = i }
end
table.sort(people, function(a, b)
  if a.age ~= b.age then
    return a.age < b.age
  end
  return a.id < b.id
end)
for i = 1, #people, 100 do
  total = (total * 31 + people[i].id) % 1000000007
end

local words = {}
for i = 1, 80000 do
  words[i] = ("x"):rep(random(30)) .. i
end
table.sort(words, function(a, b)
  if #a ~= #b then
    return #a < #b
  end
  return a < b
end)
for i = 1, #words, 100 do
  total = (total * 31 + #words[i] + words[i]:byte(-1)) % 1000000007
end

print("checksum " .. total)
