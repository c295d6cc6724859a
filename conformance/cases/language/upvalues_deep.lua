--- Upvalues under stress: thousands of open ones, closing order, stack growth while open, capture in error paths.

-- Many open upvalues in one frame, closed together.
local src = { "local fs = {}" }
for i = 1, 150 do
  src[#src + 1] = ("local v%d = %d fs[%d] = function(x) v%d = v%d + x return v%d end"):format(i, i, i, i, i, i)
end
src[#src + 1] = "fs[1](1000) assert(v1 == 1001) return fs"
local fs = load(table.concat(src, "\n"))()
for i = 2, 150 do
  assert(fs[i](1) == i + 1 and fs[i](1) == i + 2)
end
assert(fs[1](0) == 1001)

-- An upvalue stays open while deep recursion moves the stack.
local function deep(n, f)
  if n == 0 then
    f()
    return 0
  end
  return 1 + deep(n - 1, f)
end
local count = 0
local function bump()
  count = count + 1
end
for _ = 1, 20 do
  deep(5000, bump)
end
assert(count == 20)

-- One per level of recursion, each its own.
local made = {}
local function nest(n)
  local mine = n
  made[n] = function(x)
    mine = mine + x
    return mine
  end
  if n > 1 then
    nest(n - 1)
  end
  return mine
end
nest(1000)
for i = 1, 1000 do
  assert(made[i](1) == i + 1)
end
assert(made[500](0) == 501)

-- An error closes what it leaves.
local leaked
local ok = pcall(function()
  local secret = 42
  leaked = function()
    secret = secret + 1
    return secret
  end
  error("out")
end)
assert(not ok and leaked() == 43 and leaked() == 44)

-- A closure over a variable of the caller, called after a tail call has replaced the frame.
local function tail(f)
  return f()
end
local function caller()
  local v = 7
  return tail(function()
    v = v + 1
    return v
  end)
end
assert(caller() == 8)

-- Loop variables captured in some passes only.
local some = {}
for i = 1, 100 do
  if i % 10 == 0 then
    some[#some + 1] = function()
      return i
    end
  end
end
for i = 1, 10 do
  assert(some[i]() == i * 10)
end

-- Two variables of one block, captured in different orders.
local function order(first)
  local a, b = 1, 2
  local fa, fb
  if first then
    fa = function() a = a + 1 return a end
    fb = function() b = b + 1 return b end
  else
    fb = function() b = b + 1 return b end
    fa = function() a = a + 1 return a end
  end
  return fa, fb, function() return a, b end
end
for _, first in ipairs({ true, false }) do
  local fa, fb, both = order(first)
  fa() fb() fb()
  local a, b = both()
  assert(a == 2 and b == 4)
end

-- Assigned in one closure, read in another made before the assignment.
local later
local function reader()
  return later
end
later = 5
assert(reader() == 5)
later = nil
assert(reader() == nil)
