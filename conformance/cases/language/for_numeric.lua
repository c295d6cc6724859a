--- The numeric `for`: bounds, steps, fractions, limits at the edge of integers, evaluation once.

local function run(first, last, step)
  local out = {}
  if step then
    for i = first, last, step do
      out[#out + 1] = i
      if #out > 20 then
        break
      end
    end
  else
    for i = first, last do
      out[#out + 1] = i
      if #out > 20 then
        break
      end
    end
  end
  return table.concat(out, " ")
end

assert(run(1, 3) == "1 2 3" and run(3, 1) == "" and run(2, 2) == "2" and run(-2, 1) == "-2 -1 0 1")
assert(run(1, 10, 3) == "1 4 7 10" and run(10, 1, -4) == "10 6 2" and run(1, 3, -1) == "" and run(3, 1, 1) == "")
assert(run(1, 3.9) == "1 2 3" and run(1.5, 4) == "1.5 2.5 3.5" and run(1, 2, 0.25) == "1 1.25 1.5 1.75 2")
assert(run(3, 0.5, -1) == "3 2 1" and run(0, -1) == "" and run(1, 0) == "")
assert(run(1, math.huge):match("^1 2 3") and run(1, -math.huge) == "" and run(-math.huge, -math.huge):match("^%-inf"))
assert(run(math.huge, 1, -1):match("^inf inf") and run(1, 0 / 0) == "" and run(0 / 0, 1) == "")
assert(run(1, 3, math.huge) == "1" and run(1, -3, -math.huge) == "1")

-- A step of zero never ends if the first value is within the limit.
assert(run(1, 3, 0):match("^1 1 1 1") and run(1, 0, 0) == "")

-- Large values.
local function ends(first, last, step)
  local n, v = 0, nil
  for i = first, last, step or 1 do
    n, v = n + 1, i
    if n == 10 then
      break
    end
  end
  return n, v
end
local n, v = ends(2147483645, 2147483647)
assert(n == 3 and v == 2147483647)
n, v = ends(2147483646, 2147483650)
assert(n == 5 and v == 2147483650)
n, v = ends(-2147483646, -2147483650, -1)
assert(n == 5 and v == -2147483650)
n, v = ends(4294967294, 4294967297)
assert(n == 4 and v == 4294967297)
n, v = ends(2 ^ 53 - 3, 2 ^ 53 - 1)
assert(n == 3 and v == 2 ^ 53 - 1)
n, v = ends(2 ^ 53, 2 ^ 53 + 4)
assert(n == 10 and v == 2 ^ 53, "adding one changes nothing any more")
n, v = ends(1, 2147483647, 1073741824)
assert(n == 2 and v == 1073741825)
n, v = ends(-1, -2147483648, -1073741824)
assert(n == 2 and v == -1073741825)
n, v = ends(0, 4294967296, 2147483648)
assert(n == 3 and v == 4294967296)

-- The bounds are evaluated once, in order.
local log = {}
local function note(x)
  log[#log + 1] = x
  return x
end
for i = note(1), note(3), note(1) do
  log[#log + 1] = "b"
end
assert(table.concat(log, " ") == "1 3 1 b b b")
local limit = 3
local passes = 0
for i = 1, limit do
  limit = 10
  passes = passes + 1
end
assert(passes == 3)

-- Assigning to the variable does not disturb the count.
local seen = {}
for i = 1, 4 do
  seen[#seen + 1] = i
  i = 100
end
assert(table.concat(seen) == "1234")

-- Strings that hold numbers are converted; anything else is refused.
local converted = {}
for i = "1", " 0x3 ", "2" do
  converted[#converted + 1] = type(i) .. i
end
assert(table.concat(converted, " ") == "number1 number3")
local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
refused(function() for _ = "x", 2 do end end, "'for' initial value must be a number")
refused(function() for _ = 1, "2x" do end end, "'for' limit must be a number")
refused(function() for _ = 1, 2, "" do end end, "'for' step must be a number")
refused(function() for _ = nil, 2 do end end, "'for' initial value must be a number")
refused(function() for _ = 1, nil do end end, "'for' limit must be a number")
refused(function() for _ = 1, 2, {} do end end, "'for' step must be a number")

-- Accumulated fractions: the variable is first plus repeated steps.
local count, last = 0, nil
for x = 0, 1, 0.1 do
  count, last = count + 1, x
end
assert(count == 10 + (last >= 0.99 and 1 or 0) and (last < 1.0000001))
count = 0
for _ = 1, 0.3, -0.1 do
  count = count + 1
end
assert(count == 7 or count == 8)

-- Nested loops with one variable name.
local product = 0
for i = 1, 3 do
  for i = i, 3 do
    product = product + i
  end
end
assert(product == 1 + 2 + 3 + 2 + 3 + 3)
