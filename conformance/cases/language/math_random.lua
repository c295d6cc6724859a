--- `math.random` and `math.randomseed`: ranges, repeatability, distribution, errors.

math.randomseed(42)
local a = { math.random(), math.random(100), math.random(5, 10) }
math.randomseed(42)
local b = { math.random(), math.random(100), math.random(5, 10) }
for i = 1, 3 do
  assert(a[i] == b[i])
end
math.randomseed(43)
local different = false
for _ = 1, 10 do
  if math.random(1000000) ~= a[2] then
    different = true
  end
end
assert(different)

for _ = 1, 2000 do
  local r = math.random()
  assert(r >= 0 and r < 1)
  r = math.random(6)
  assert(r >= 1 and r <= 6 and r == math.floor(r))
  r = math.random(-3, 3)
  assert(r >= -3 and r <= 3 and r == math.floor(r))
end
assert(math.random(1) == 1 and math.random(7, 7) == 7 and math.random(-5, -5) == -5)

-- Every value of a small range appears, about equally often.
local counts = {}
for _ = 1, 6000 do
  local r = math.random(6)
  counts[r] = (counts[r] or 0) + 1
end
for i = 1, 6 do
  assert(counts[i] > 800 and counts[i] < 1200, counts[i])
end
local sum = 0
for _ = 1, 10000 do
  sum = sum + math.random()
end
assert(sum > 4700 and sum < 5300)

-- Large ranges.
local r = math.random(2 ^ 40)
assert(r >= 1 and r <= 2 ^ 40 and r == math.floor(r))
r = math.random(2 ^ 31, 2 ^ 32)
assert(r >= 2 ^ 31 and r <= 2 ^ 32)

-- Seeds may be fractions and negative.
math.randomseed(1.5)
local x = math.random()
math.randomseed(1.5)
assert(math.random() == x)
math.randomseed(-7)
assert(math.random() >= 0)
assert(select("#", math.randomseed(1)) == 0)

-- An empty interval is no error.
assert(math.random(0) == 1 and math.random(2, 1) == 2)

local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
refused(function() return (math.random("x")) end, "bad argument #1 to 'random' (number expected, got string)")

-- A call that is refused has used up a number.
math.randomseed(7)
local first, second = math.random(), math.random()
for _, arguments in ipairs({ { "x" }, { {}, 2 }, { 1, {} } }) do
  math.randomseed(7)
  assert(not pcall(math.random, unpack(arguments)))
  assert(math.random() == second and first ~= second)
end
