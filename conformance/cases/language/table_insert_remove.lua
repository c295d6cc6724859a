--- `table.insert` and `table.remove`: ends, middle, positions out of range, numbers of results.

local function is(t, ...)
  assert(#t == select("#", ...))
  for i = 1, #t do
    assert(t[i] == (select(i, ...)))
  end
end

local t = {}
table.insert(t, "a")
table.insert(t, "c")
table.insert(t, 2, "b")
table.insert(t, 1, "z")
is(t, "z", "a", "b", "c")
table.insert(t, 5, "end")
is(t, "z", "a", "b", "c", "end")
assert(select("#", table.insert(t, "x")) == 0)

assert(table.remove(t) == "x" and table.remove(t) == "end" and table.remove(t, 1) == "z" and table.remove(t, 2) == "b")
is(t, "a", "c")
assert(table.remove(t) == "c" and table.remove(t) == "a")
assert(next(t) == nil)

-- Removing what is not there gives no value at all.
assert(select("#", table.remove({})) == 0 and select("#", table.remove({}, 1)) == 0)
assert(select("#", table.remove({ 1, 2, 3 }, 5)) == 0 and select("#", table.remove({ 1, 2, 3 }, 4)) == 0)
assert(select("#", table.remove({ 1, 2, 3 }, 0)) == 0 and select("#", table.remove({ 1, 2, 3 }, -1)) == 0)
assert(table.remove({ 1, 2, 3 }, 3) == 3)

-- Positions outside: above the end nothing moves, below the start everything does.
t = { 1, 2, 3 }
table.insert(t, 6, "six")
assert(t[6] == "six" and t[4] == nil and t[3] == 3)
t = { 1, 2, 3 }
table.insert(t, 0, "zero")
assert(t[0] == "zero" and t[1] == nil and t[2] == 1 and t[4] == 3)
t = { 1, 2, 3 }
table.insert(t, -1, "n")
assert(t[-1] == "n" and t[0] == nil and t[1] == nil and t[2] == 1 and t[4] == 3)

-- Positions are cut to integers.
t = { 1, 2, 3 }
table.insert(t, 2.9, "x")
is(t, 1, "x", 2, 3)
assert(table.remove(t, "2") == "x")
is(t, 1, 2, 3)

-- nil may be given, at the end.
t = { 1 }
table.insert(t, nil)
assert(#t == 1)

-- Other fields stay.
t = { 1, 2, 3, x = "x" }
assert(table.remove(t, 1) == 1 and t.x == "x")
is(t, 2, 3)

-- As stack and queue, long.
local stack = {}
for i = 1, 10000 do
  table.insert(stack, i)
end
for i = 10000, 1, -1 do
  assert(table.remove(stack) == i)
end
assert(#stack == 0)
local queue = {}
for i = 1, 300 do
  table.insert(queue, 1, i)
end
for i = 1, 300 do
  assert(queue[i] == 301 - i)
end
for i = 300, 1, -1 do
  assert(table.remove(queue, 1) == i)
end

local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
refused(function() table.insert({ 1 }, 1, 2, 3) end, "wrong number of arguments to 'insert'")
refused(function() table.insert({ 1 }) end, "wrong number of arguments to 'insert'")
refused(function() table.insert(1, 2) end, "bad argument #1 to 'insert' (table expected, got number)")
refused(function() table.insert({}, "x", 2) end, "bad argument #2 to 'insert' (number expected, got string)")
