--- Variable arguments: nils, counting, adjustment in every position, and limits.

local function count(...)
  return select("#", ...)
end
local function pass(...)
  return ...
end
local function first(...)
  return (...)
end
local function pack(...)
  return { n = select("#", ...), ... }
end

assert(count() == 0 and count(nil) == 1 and count(nil, nil, nil) == 3 and count(1, nil) == 2)
assert(count(pass()) == 0 and count(pass(nil, nil)) == 2 and count((pass(1, 2))) == 1 and count((pass())) == 1)
assert(first() == nil and first(nil, 2) == nil and first(3, 2) == 3)

-- Only a call or `...` at the end of a list expands.
assert(count(pass(1, 2), pass(1, 2)) == 3 and count(pass(1, 2), 9) == 2 and count(9, pass()) == 1 and count(pass(), 9) == 2)
local t = { pass(1, 2, 3), pass(4, 5) }
assert(#t == 3 and t[1] == 1 and t[2] == 4 and t[3] == 5)
t = { pass(1, 2), (pass(3, 4)) }
assert(#t == 2 and t[2] == 3)
t = { pass(1, 2), nil }
assert(t[1] == 1 and t[2] == nil)
t = { x = pass(1, 2), pass(3, 4) }
assert(t.x == 1 and t[1] == 3 and t[2] == 4)

local function locals(...)
  local a, b, c = ...
  local d, e = 0, ...
  local x, y = ..., 0
  return a, b, c, d, e, x, y
end
local r = pack(locals(1, nil))
assert(r.n == 7 and r[1] == 1 and r[2] == nil and r[3] == nil and r[4] == 0 and r[5] == 1 and r[6] == 1 and r[7] == 0)

-- Fixed parameters before the rest.
local function fixed(a, b, ...)
  return a, b, count(...), ...
end
r = pack(fixed())
assert(r.n == 3 and r[1] == nil and r[3] == 0)
r = pack(fixed(1, 2, nil, nil))
assert(r.n == 5 and r[3] == 2 and r[4] == nil)

-- In the middle of an expression and in conditions.
local function use(...)
  if ... then
    return "some", ... == 1, (...) + 1, not ...
  end
  return "none"
end
r = pack(use(1, 2))
assert(r[1] == "some" and r[2] == true and r[3] == 2 and r[4] == false)
assert(use(false) == "none" and use() == "none")

-- They belong to their own function; an inner one has its own.
local function outer(...)
  local function inner(...)
    return count(...)
  end
  return inner(), inner(...), count(...)
end
r = pack(outer(1, 2))
assert(r[1] == 0 and r[2] == 2 and r[3] == 2)
assert(load("return function() return ... end") == nil, "a function without ... has none")

-- A chunk has them.
assert(load("return select('#', ...), ...")(5, nil) == 2)

-- `select` with a negative index.
assert(select(-1, 1, 2, 3) == 3 and count(select(-2, 1, 2, 3)) == 2 and count(select(4, 1, 2, 3)) == 0)
assert(count(select(2, nil, nil, nil)) == 2)

-- There is no `arg` table.
local function no_arg(...)
  return rawget(_G, "arg_of_varargs_test") == nil and count(...)
end
assert(no_arg(1, 2) == 2)

-- Changing the copies changes nothing else.
local function copy(...)
  local a = ...
  a = 99
  return a, ...
end
local a, b = copy(1)
assert(a == 99 and b == 1)

-- Many values.
local many = {}
for i = 1, 5000 do
  many[i] = i
end
assert(count(unpack(many)) == 5000 and select(-1, pass(unpack(many))) == 5000)
assert(#{ pass(unpack(many)) } == 5000 and math.max(unpack(many)) == 5000)
local function sum(acc, x, ...)
  if not x then
    return acc
  end
  return sum(acc + x, ...)
end
assert(sum(0, unpack(many, 1, 200)) == 20100)

local ok, err = pcall(unpack, many, 1, 1e7)
assert(not ok and err == "too many results to unpack", err)

-- The room that a constructor makes for them decides which border of a table with holes its length is.
local function lengths(...)
  return #{ ... } .. " " .. #{ 1, ... } .. " " .. #{ 1, 2, 3, ... } .. " " .. #{ x = 1, ... }
end
assert(lengths(nil, 0, nil, 0) == "2 3 3 2", lengths(nil, 0, nil, 0))
assert(lengths(0, nil, 0) == "1 2 4 1", lengths(0, nil, 0))
assert(lengths(nil, nil, 0) == "0 1 3 0", lengths(nil, nil, 0))
assert(lengths(nil, nil) == "0 1 3 0", lengths(nil, nil))
