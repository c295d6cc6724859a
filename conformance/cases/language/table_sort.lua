--- `table.sort`: correctness on many shapes, comparison functions, metamethods, invalid orders, errors.

local function sorted(t, less)
  for i = 2, #t do
    if less and less(t[i], t[i - 1]) or not less and t[i] < t[i - 1] then
      return false
    end
  end
  return true
end

local seed = 1
local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n
end

for _, n in ipairs({ 0, 1, 2, 3, 4, 5, 10, 50, 100, 101, 500, 1000 }) do
  local shapes = {
    function() return random(1000) end,
    function(i) return i end,
    function(i) return -i end,
    function() return 1 end,
    function(i) return i % 3 end,
    function(i) return i < n / 2 and i or n - i end,
  }
  for _, shape in ipairs(shapes) do
    local t, sum = {}, 0
    for i = 1, n do
      t[i] = shape(i)
      sum = sum + t[i]
    end
    assert(select("#", table.sort(t)) == 0)
    assert(#t == n and sorted(t))
    for i = 1, n do
      sum = sum - t[i]
    end
    assert(sum == 0)
    table.sort(t, function(a, b)
      return a > b
    end)
    assert(sorted(t, function(a, b)
      return a > b
    end))
  end
end

-- Strings and mixed numbers.
local words = { "b", "a", "C", "", "aa", "B" }
table.sort(words)
assert(table.concat(words, ",") == ",B,C,a,aa,b")
table.sort(words, function(a, b)
  return a:lower() > b:lower()
end)
assert(words[1] == "C" and words[2]:lower() == "b" and words[4] == "aa" and words[5] == "a" and words[6] == "")
local numbers = { 3, -1, 2.5, 1e10, -1e10, 0, 1 / 0, -1 / 0 }
table.sort(numbers)
assert(numbers[1] == -1 / 0 and numbers[2] == -1e10 and numbers[8] == 1 / 0)

-- Objects by a key, checked for permutation.
local list = {}
for i = 1, 200 do
  list[i] = { key = random(50), id = i }
end
table.sort(list, function(a, b)
  if a.key == b.key then
    return a.id < b.id
  end
  return a.key < b.key
end)
local seen = {}
for i = 1, 200 do
  assert(not seen[list[i].id])
  seen[list[i].id] = true
  assert(i == 1 or list[i - 1].key < list[i].key or list[i - 1].id < list[i].id)
end

-- With `__lt`.
local mt = {}
mt.__lt = function(a, b)
  return a.v < b.v
end
local objects = {}
for i = 1, 30 do
  objects[i] = setmetatable({ v = random(100) }, mt)
end
table.sort(objects)
assert(sorted(objects))

-- Only the array part takes part.
local partial = { 3, 1, 2, x = 9, [0] = 5 }
table.sort(partial)
assert(partial[0] == 5 and partial[1] == 1 and partial[3] == 3 and partial.x == 9)

-- The comparison's result may be any value.
local t = { 3, 1, 2 }
table.sort(t, function(a, b)
  return a < b and "yes" or nil
end)
assert(table.concat(t) == "123")
t = { 1, 2, 3 }
table.sort(t, nil)
assert(table.concat(t) == "123")

-- Errors.
local function refused(message, ...)
  local ok, err = pcall(table.sort, ...)
  assert(not ok and err == message, err)
end
refused("attempt to compare string with number", { 3, 1, "x" })
refused("attempt to compare two table values", { {}, {} })
refused("attempt to compare nil with number", { 1, 2, nil, 4 })
refused("attempt to compare two boolean values", { true, false })
refused("stop", { 3, 2, 1 }, function()
  error("stop", 0)
end)
local many = {}
for i = 1, 100 do
  many[i] = i % 7
end
refused("invalid order function for sorting", many, function()
  return true
end)
local ok = pcall(table.sort, { 1, 2, 3 }, 42)
assert(not ok)

-- Sorting within a comparison, and changing what is captured.
local calls = 0
t = { 5, 4, 3, 2, 1 }
table.sort(t, function(a, b)
  calls = calls + 1
  local inner = { b, a }
  table.sort(inner)
  return inner[1] == a and a ~= b
end)
assert(table.concat(t) == "12345" and calls > 0)

-- The zeros are equal, but can be told apart: the algorithm decides where they go.
do
  local zeros = { 0, -0 }
  table.sort(zeros)
  assert(1 / zeros[1] > 0 and 1 / zeros[2] < 0)
  zeros = { 0, -0, 1, 2, 3, -0, 0, -0, 0, -1 }
  table.sort(zeros)
  local signs = {}
  for i = 2, 7 do
    signs[#signs + 1] = 1 / zeros[i] < 0 and "-" or "+"
  end
  assert(table.concat(signs) == "-+-++-" and zeros[1] == -1 and zeros[8] == 1)
end
