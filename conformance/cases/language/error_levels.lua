--- `error`: positions by level, through calls, tail calls, metamethods and chunks.

local function check(source, expected)
  local _, message = pcall(assert(load(source, "=case")))
  if message ~= expected then
    error(source .. "\n  gave     " .. tostring(message) .. "\n  expected " .. tostring(expected), 0)
  end
end

check("error('m')", "case:1: m")
check("\n\nerror('m')", "case:3: m")
check("error('m', 1)", "case:1: m")
check("error('m', 0)", "m")
check("error('m', nil)", "case:1: m")
check("error(42)", "case:1: 42")
check("error(42, 0)", 42)
check("error(true)", true)
check("error()", nil)
check("local function f()\n error('m', 2)\nend\nf()", "case:4: m")
check("local function f()\n error('m', 1)\nend\nf()", "case:2: m")
check("local function g()\n error('m', 3)\nend\nlocal function f()\n g()\nend\nf()", "case:7: m")
check("local function f() error('m', 50) end f()", "m")
check("local function f() error('m', -1) end f()", "m")

-- The line is that of the call, also in a call over several lines.
check("error(\n'm'\n)", "case:1: m")
check("local function f(a, b)\n error('m', 2)\nend\nf(\n1,\n2)", "case:4: m")
check("local x = 1 +\n error('m')", "case:2: m")
check("local t = {\n a = 1,\n b = error('m'),\n}", "case:3: m")
check("return (function()\n  error('m')\nend)()", "case:2: m")

-- A function called by the library has no position at level 2.
check("pcall(error, 'm', 2) error('n', 2)", "n")
local ok, message = pcall(error, "m")
assert(message == "m")
ok, message = pcall(error, "m", 1)
assert(message == "m")
ok, message = pcall(error, "m", 2)
assert(message:match("error_levels.lua:%d+: m$"), message)
ok, message = pcall(function()
  error("m", 2)
end)
assert(not ok and message == "m", message)

-- Tail calls drop levels.
check("local function g() error('m', 2) end\nlocal function f()\n return g()\nend\nf()", "case:5: m")

-- Run-time errors carry the line of the operation.
check("local t\nlocal x = t.y", "case:2: attempt to index local 't' (a nil value)")
check("local t = {}\nlocal x = 1\n  + t", "case:3: attempt to perform arithmetic on local 't' (a table value)")
check("local t = {}\nt\n.x\n.y = 1", "case:4: attempt to index field 'x' (a nil value)")
check("local a = {}\nlocal b = a ..\n'x'", "case:3: attempt to concatenate local 'a' (a table value)")
check("local f\nlocal x = {\n 1,\n f(),\n}", "case:4: attempt to call local 'f' (a nil value)")

-- Levels in metamethods and iterators.
check("local t = setmetatable({}, { __index = function() error('m', 2) end })\nlocal x\n= t.y", "case:3: m")
check("local t = setmetatable({}, { __add = function() error('m', 2) end })\nlocal x = t + 1", "case:2: m")
check("local function it() error('m', 2) end\nfor _ in it do\nend", "case:2: m")

-- Library functions blame their caller.
check("\nstring.rep()", "case:2: bad argument #1 to 'rep' (string expected, got no value)")
check("local function f()\n return (string.rep())\nend\nf()", "case:2: bad argument #1 to 'rep' (string expected, got no value)")

-- An error raised with a table is not touched, whatever the level.
local t = {}
ok, message = pcall(error, t, 2)
assert(message == t)

-- Rethrown messages are not decorated again with level 0, but are with level 1.
check("local ok, m = pcall(error, 'm', 0) error(m, 0)", "m")
check("local ok, m = pcall(function() error('m') end)\nerror(m)", "case:2: case:1: m")

-- Names of chunks.
local function raise(name)
  local _, m = pcall(load("error('m')", name))
  return m
end
assert(raise("=(name)") == "(name):1: m" and raise("@a/b.lua") == "a/b.lua:1: m")
assert(raise("some code") == "[string \"some code\"]:1: m")
assert(raise(nil) == "[string \"error('m')\"]:1: m")

-- `assert` places its message as a C string; anything else gives way to the last argument.
local ok, message = pcall(function()
  assert(false, "a\0b")
end)
assert(not ok and message:match(":%d+: a$"), message)
assert(select(2, pcall(assert, nil, nil, 7)) == 7 and select(2, pcall(assert, false, {}, "last")) == "last")
assert(select(2, pcall(assert, false, "first", "last")) == "first")
