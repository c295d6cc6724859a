--- Multiple assignment: evaluation before storing, swapping, adjustment, and targets that depend on each other.

local a, b, c = 1, 2
assert(a == 1 and b == 2 and c == nil)
a, b = b, a
assert(a == 2 and b == 1)
a, b, c = c, a, b
assert(a == nil and b == 2 and c == 1)
a, b = 1, 2, error
assert(a == 1 and b == 2, "surplus values are dropped, after being evaluated")

local evaluated = 0
local function tick(v)
  evaluated = evaluated + 1
  return v
end
a = tick(1), tick(2), tick(3)
assert(a == 1 and evaluated == 3)

-- A call at the end fills the remaining targets.
local function three()
  return 1, 2, 3
end
local x, y, z, w = 0, three()
assert(x == 0 and y == 1 and z == 2 and w == 3)
x, y, z, w = three(), 10
assert(x == 1 and y == 10 and z == nil and w == nil)
x, y, z = (three())
assert(x == 1 and y == nil and z == nil)

-- All expressions, also those inside targets, are evaluated before any store.
local t = { 10, 20, 30 }
local i = 1
i, t[i] = i + 1, 99
assert(i == 2 and t[1] == 99 and t[2] == 20)
t[1], t[2], t[3] = t[3], t[1], t[2]
assert(t[1] == 30 and t[2] == 99 and t[3] == 20)
local u = t
t, t[1] = nil, "old table"
assert(t == nil and u[1] == "old table")

-- The same target twice: the first value is the last one stored.
local same
same, same = 1, 2
assert(same == 1)
local s = {}
s.x, s.x = 1, 2
assert(s.x == 1)

-- Upvalues, globals, fields and locals mixed.
local up = 1
local function mix()
  local l = 2
  global_for_assignment = 3
  local f = { v = 4 }
  up, l, global_for_assignment, f.v = f.v, up, l, global_for_assignment
  return up, l, global_for_assignment, f.v
end
local p, q, r, v = mix()
assert(p == 4 and q == 1 and r == 2 and v == 3 and up == 4)
global_for_assignment = nil

-- A chain of dots and brackets.
local deep = { a = { b = { { c = 1 } } } }
deep.a.b[1].c, deep["a"].x = deep.a.b[1].c + 1, "x"
assert(deep.a.b[1].c == 2 and deep.a.x == "x")

-- Order of effects: operands left to right, then the stores.
local log = {}
local tracked = setmetatable({}, {
  __newindex = function(_, k)
    log[#log + 1] = "store " .. k
  end,
})
local function note(value, name)
  log[#log + 1] = name
  return value
end
note(tracked, "table1")[note("k1", "key1")], note(tracked, "table2")[note("k2", "key2")] = note(1, "value1"), note(2, "value2")
assert(table.concat(log, " ") == "table1 key1 table2 key2 value1 value2 store k2 store k1", table.concat(log, " "))

-- Declarations with fewer and more values.
local d1, d2, d3 = three(), three()
assert(d1 == 1 and d2 == 1 and d3 == 2)
local e1, e2 = three(), (three())
assert(e1 == 1 and e2 == 1)
local none1, none2
assert(none1 == nil and none2 == nil)

-- A local declared in the statement is not visible on its right.
local o = "outer"
local o, inner = "inner", o
assert(o == "inner" and inner == "outer")
