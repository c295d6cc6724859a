--- Yields from a comparison of `table.sort`, and from `__lt` that it asks; any number of sorts may be suspended at once.
-- diverges: LuaJIT says "attempt to yield across C-call boundary".

local yield = coroutine.yield

-- The comparison suspends each time; the order is still right.
local list = {}
for i = 1, 50 do
  list[i] = i * 37 % 50
end
local resumes = 0
local co = coroutine.create(function(t)
  table.sort(t, function(a, b)
    yield("compare")
    return a < b
  end)
  return "sorted"
end)
local ok, what = coroutine.resume(co, list)
while what == "compare" do
  resumes = resumes + 1
  ok, what = coroutine.resume(co)
end
assert(ok and what == "sorted" and resumes > 49, resumes)
for i = 2, 50 do
  assert(list[i - 1] <= list[i])
end

-- What is sent in reaches the comparison: here the caller of resume decides.
co = coroutine.wrap(function()
  local t = { "b", "c", "a" }
  table.sort(t, function(a, b)
    return yield(a, b)
  end)
  return nil, table.concat(t)
end)
local a, b = co()
while a do
  a, b = co(a < b)
end
assert(b == "abc")

-- `__lt` metamethods.
local mt = {}
mt.__lt = function(p, q)
  yield()
  return p.v < q.v
end
co = coroutine.wrap(function()
  local t = {}
  for i = 1, 10 do
    t[i] = setmetatable({ v = -i }, mt)
  end
  table.sort(t)
  return t
end)
local t
repeat
  t = co()
until t
for i = 1, 10 do
  assert(t[i].v == i - 11)
end

-- Two sorts in turns, and one within the comparison of another.
local function sorter(values)
  return coroutine.wrap(function()
    table.sort(values, function(p, q)
      yield(true)
      return p < q
    end)
    return false
  end)
end
local one, two = { 3, 1, 2, 5, 4 }, { 9, 7, 8 }
local s1, s2 = sorter(one), sorter(two)
local more1, more2 = true, true
while more1 or more2 do
  more1 = more1 and s1()
  more2 = more2 and s2()
end
assert(table.concat(one) == "12345" and table.concat(two) == "789")
co = coroutine.wrap(function()
  local outer = { 2, 3, 1 }
  table.sort(outer, function(p, q)
    local inner = { q, p }
    table.sort(inner, function(x, y)
      yield(true)
      return x < y
    end)
    return p < q
  end)
  yield(nil)
  return table.concat(outer)
end)
while co() do
end
assert(co() == "123")

-- An error after a yield ends the sort and nothing else.
co = coroutine.create(function()
  return pcall(table.sort, { 2, 1 }, function()
    yield()
    error("from the comparison", 0)
  end)
end)
coroutine.resume(co)
local fine, good, message = coroutine.resume(co)
assert(fine and not good and message == "from the comparison")

-- A sort that is never resumed is collected.
for _ = 1, 100 do
  sorter({ 3, 2, 1 })()
end
collectgarbage()
