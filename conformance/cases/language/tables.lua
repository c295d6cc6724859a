--- Table constructors, access, nesting, and removal.

local t = { 1, 2, 3, x = "a", ["y z"] = "b", [10] = "c", [2.5] = "d", [true] = "e" }
assert(t[1] == 1 and t[3] == 3 and t.x == "a" and t["y z"] == "b" and t[10] == "c" and t[2.5] == "d" and t[true] == "e")
assert(t[4] == nil and t.missing == nil and t[false] == nil and t[-1] == nil)
assert(next({}) == nil and #{} == 0 and #{ 1, 2 } == 2)

-- Separators, trailing ones too; mixed forms; later entries win.
assert(#{ 1, 2; 3 } == 3 and #{ 1, } == 1 and ({ x = 1; }).x == 1)
assert(({ x = 1, x = 2 }).x == 2)

-- The same index twice: constants are stored first, in order, then the rest in order, then the values of a last call.
local one, var = 1, "var"
assert(({ "a", [1] = "b" })[1] == "b" and ({ [1] = "b", "a" })[1] == "a")
assert(({ "a", [one] = "b" })[1] == "b" and ({ [one] = "b", "a" })[1] == "b")
assert(({ var, [1] = "b" })[1] == "var" and ({ [1] = var, "b" })[1] == "var" and ({ [1] = var, one })[1] == 1)
local function last(...)
  return ({ [1] = "b", ... })[1], ({ [one] = "b", ... })[1]
end
assert(last("c") == "c" and select(2, last("c")) == "c")
local nested = { { { { 5 } } }, a = { b = { c = 7 } } }
assert(nested[1][1][1][1] == 5 and nested.a.b.c == 7)

-- nil entries.
local holes = { nil, nil, 3, nil }
assert(holes[1] == nil and holes[3] == 3)
assert(({ x = nil }).x == nil and next({ x = nil }) == nil)

-- Entries are evaluated in order.
local log = {}
local function note(v)
  log[#log + 1] = v
  return v
end
local _ = { note(1), [note(2)] = note(3), x = note(4), note(5) }
assert(table.concat(log) == "12345")

-- Each evaluation makes a new table.
local function make()
  return { 1, 2, x = { 3 } }
end
local a, b = make(), make()
assert(a ~= b and a.x ~= b.x)
a[1], a.x[1], a.y = 100, 200, 300
assert(b[1] == 1 and b.x[1] == 3 and b.y == nil)

-- Constructors with variables, calls and varargs.
local function pack(...)
  return { ... }, { "first", ... }, { ..., "last" }, { (...) }
end
local p, q, r, s = pack(1, 2, 3)
assert(#p == 3 and #q == 4 and q[4] == 3 and #r == 2 and r[1] == 1 and #s == 1)
local v = 5
local vars = { v, v + 1, v = v, [v] = v * 2, [v .. "x"] = true }
assert(vars[1] == 5 and vars[2] == 6 and vars.v == 5 and vars[5] == 10 and vars["5x"])

-- Adding, changing and removing.
local d = {}
d.a, d["b"], d[1] = 1, 2, 3
d.a = d.a + 10
d.b = nil
assert(d.a == 11 and d.b == nil and d[1] == 3)
d[1] = nil
d.a = nil
assert(next(d) == nil)
d.a = 1
assert(next(d) == "a")

-- A field of a field of a call.
local function get()
  return { list = { { name = "n" } } }
end
assert(get().list[1].name == "n" and get()["list"][#get().list].name == "n")

-- Keys of every type.
local f, co, u = function() end, coroutine.create(function() end), newproxy()
local keys = { [f] = "f", [co] = "co", [u] = "u", [t] = "t", [print] = "p", [1e300] = "big", [-1] = "minus" }
assert(keys[f] == "f" and keys[co] == "co" and keys[u] == "u" and keys[t] == "t" and keys[print] == "p")
assert(keys[1e300] == "big" and keys[-1] == "minus" and keys[function() end] == nil)
local self = {}
self[self] = self
assert(self[self][self] == self)

-- nil and NaN are no keys to store under.
local function refused(fn, message)
  local ok, err = pcall(fn)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
local k
refused(function() t[k] = 1 end, "table index is nil")
refused(function() return { [k] = 1 } end, "table index is nil")
refused(function() t[0 / 0] = 1 end, "table index is NaN")
assert(t[nil] == nil and rawget(t, nil) == nil)

-- Long constructors.
local list = {}
for i = 1, 1000 do
  list[i] = tostring(i)
end
local big = load("return {" .. table.concat(list, ",") .. "}")()
assert(#big == 1000 and big[777] == 777)
for i = 1, 1000 do
  list[i] = "k" .. i .. "=" .. i
end
big = load("return {" .. table.concat(list, ",") .. "}")()
assert(big.k1 == 1 and big.k1000 == 1000)
for i = 1, 1000 do
  list[i] = "f(" .. i .. ")"
end
big = load("local f = ... return {" .. table.concat(list, ",") .. "}")(function(x)
  return x * 2
end)
assert(#big == 1000 and big[1000] == 2000)
