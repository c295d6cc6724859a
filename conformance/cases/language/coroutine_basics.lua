--- Coroutines: passing values both ways, status, end, wrap.

local function pack(...)
  return { n = select("#", ...), ... }
end

local co = coroutine.create(function(a, b)
  local c = coroutine.yield(a + b)
  local d, e = coroutine.yield(c * 2)
  return d, e, "end"
end)
assert(type(co) == "thread" and coroutine.status(co) == "suspended")
local r = pack(coroutine.resume(co, 1, 2))
assert(r.n == 2 and r[1] == true and r[2] == 3 and coroutine.status(co) == "suspended")
r = pack(coroutine.resume(co, 10))
assert(r[2] == 20)
r = pack(coroutine.resume(co, "x", nil))
assert(r.n == 4 and r[2] == "x" and r[3] == nil and r[4] == "end" and coroutine.status(co) == "dead")
r = pack(coroutine.resume(co))
assert(r.n == 2 and r[1] == false and r[2] == "cannot resume dead coroutine")

-- Numbers of values, with nils.
co = coroutine.create(function(...)
  local got = pack(...)
  while true do
    got = pack(coroutine.yield(got.n, unpack(got, 1, got.n)))
  end
end)
r = pack(coroutine.resume(co))
assert(r.n == 2 and r[2] == 0)
r = pack(coroutine.resume(co, nil, nil))
assert(r.n == 4 and r[2] == 2)
r = pack(coroutine.resume(co, 1, nil))
assert(r.n == 4 and r[3] == 1 and r[4] == nil)

-- A body without yield, and one without results.
r = pack(coroutine.resume(coroutine.create(function() end)))
assert(r.n == 1 and r[1] == true)
co = coroutine.create(function()
  coroutine.yield()
end)
r = pack(coroutine.resume(co))
assert(r.n == 1)
r = pack(coroutine.resume(co))
assert(r.n == 1 and coroutine.status(co) == "dead")

-- wrap.
local gen = coroutine.wrap(function(n)
  for i = 1, n do
    coroutine.yield(i)
  end
  return "done"
end)
assert(type(gen) == "function" and gen(2) == 1 and gen() == 2 and gen() == "done")
local ok, err = pcall(gen)
assert(not ok and err == "cannot resume dead coroutine", err)

-- yield from deep inside, and locals kept across it.
local function inner(depth)
  if depth == 0 then
    return coroutine.yield("deep")
  end
  local mine = depth
  local v = inner(depth - 1)
  return v + mine
end
co = coroutine.create(inner)
assert(select(2, coroutine.resume(co, 50)) == "deep")
assert(select(2, coroutine.resume(co, 0)) == 1275)

-- Several alive at once, interleaved.
local log = {}
local function worker(name, n)
  return coroutine.wrap(function()
    for i = 1, n do
      log[#log + 1] = name .. i
      coroutine.yield()
    end
  end)
end
local a, b = worker("a", 3), worker("b", 3)
for _ = 1, 3 do
  a()
  b()
end
assert(table.concat(log, " ") == "a1 b1 a2 b2 a3 b3")

-- Coroutines that resume coroutines.
local outer = coroutine.wrap(function()
  local middle = coroutine.wrap(function()
    local innermost = coroutine.wrap(function()
      coroutine.yield(1)
      coroutine.yield(2)
    end)
    coroutine.yield(innermost())
    coroutine.yield(innermost())
  end)
  coroutine.yield(middle())
  coroutine.yield(middle())
end)
assert(outer() == 1 and outer() == 2)

-- The body may be a library function.
co = coroutine.create(string.rep)
r = pack(coroutine.resume(co, "x", 3))
assert(r[1] == true and r[2] == "xxx")
assert(coroutine.wrap(select)("#", 1, 2) == 2)
co = coroutine.create(coroutine.yield)
r = pack(coroutine.resume(co, 1, 2))
assert(r.n == 3 and r[3] == 2)
r = pack(coroutine.resume(co, "back"))
assert(r.n == 2 and r[2] == "back" and coroutine.status(co) == "dead")

-- Permutations.
local function permutations(list)
  local function permute(n)
    if n <= 1 then
      coroutine.yield(table.concat(list))
    else
      for i = 1, n do
        list[n], list[i] = list[i], list[n]
        permute(n - 1)
        list[n], list[i] = list[i], list[n]
      end
    end
  end
  return coroutine.wrap(function()
    permute(#list)
  end)
end
local seen, count = {}, 0
for p in permutations({ "a", "b", "c", "d" }) do
  assert(not seen[p])
  seen[p] = true
  count = count + 1
end
assert(count == 24)

-- Ten thousand suspended ones.
local all = {}
for i = 1, 10000 do
  all[i] = coroutine.wrap(function()
    local v = i
    coroutine.yield()
    return v
  end)
  all[i]()
end
local sum = 0
for i = 1, 10000 do
  sum = sum + all[i]()
end
assert(sum == 50005000)
