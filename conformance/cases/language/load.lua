--- `load`, `loadstring`: strings, reader functions, names, modes, environments, binary chunks, errors.

assert(load("return 1 + 1")() == 2 and loadstring("return ...")(5) == 5 and load("")() == nil and load("  -- comment")() == nil)
assert(type(load("x = ")) == "nil")
local f, err = load("x =", "=name")
assert(f == nil and err == "name:1: unexpected symbol near '<eof>'", err)
f, err = loadstring("x =")
assert(f == nil and err == "[string \"x =\"]:1: unexpected symbol near '<eof>'", err)

-- Each load makes a new function with its own variables.
local a, b = load("local n = 0 return function() n = n + 1 return n end"), nil
b = a()
assert(b() == 1 and b() == 2 and a()() == 1)

-- A reader is called until it gives nil or an empty string.
local function reader(...)
  local pieces, i = { ... }, 0
  return function()
    i = i + 1
    return pieces[i]
  end
end
assert(load(reader("ret", "urn", " 1", "2"))() == 12 and load(reader("return 1", "", " + 1"))() == 1 and load(reader())() == nil)
local long = {}
for i = 1, 1000 do
  long[i] = "x" .. i .. " = " .. i .. "\n"
end
long[1001] = "return x1000"
assert(load(reader(unpack(long)), "=long", "t", {})() == 1000)
f, err = load(reader("x ="), "=r")
assert(not f and err == "r:1: unexpected symbol near '<eof>'")
f, err = load(reader("x ="))
assert(not f and err == "=(load):1: unexpected symbol near '<eof>'" or err == "(load):1: unexpected symbol near '<eof>'", err)
-- Within pcall: otherwise LuaJIT passes these errors through the handler of an enclosing xpcall.
local function load_protected(...)
  local ok, chunk, message = pcall(load, ...)
  assert(ok)
  return chunk, message
end
f, err = load_protected(function()
  return {}
end)
assert(not f and err == "reader function must return a string", err)
f, err = load_protected(function()
  error("from the reader", 0)
end)
assert(not f and err == "from the reader")

-- After a syntax error a reader is not asked for more.
local asked = 0
f, err = load(function()
  asked = asked + 1
  return ("*a = 123"):sub(asked, asked)
end)
assert(not f and err:find("unexpected symbol near '*'", 1, true) and asked == 2, asked)
f, err = load(function()
  return "x = = 1 "
end)
assert(not f and err:find("unexpected symbol near '='", 1, true), err)
assert(load(reader("return [", "=", "[", "]", "=", "]"))() == "" and load(reader("return [=", "[a]=", "]"))() == "a")

-- Modes.
local dump = string.dump(function()
  return 5
end)
assert(load("return 1", "n", "t")() == 1 and load("return 1", "n", "bt")() == 1 and load(dump, "n", "b")() == 5 and load(dump, "n", "bt")() == 5)
f, err = load("return 1", "n", "b")
assert(not f and err == "attempt to load chunk with wrong mode", err)
f, err = load(dump, "n", "t")
assert(not f and err == "attempt to load chunk with wrong mode", err)

-- Environments.
assert(load("return x", "n", "t", { x = 7 })() == 7)
local env = {}
load("y = 5 function z() return y end", "n", "t", env)()
assert(env.y == 5 and env.z() == 5 and rawget(_G, "y") == nil and rawget(_G, "z") == nil)
assert(load("return type", "n", "t", {})() == nil and load("return type")() == type)
assert(load(dump, "n", "b", {})() == 5)

-- Varargs of the chunk.
assert(select("#", load("return ...")(nil, nil)) == 2 and load("local a, b = ... return b")(1, 2) == 2)

-- Nested.
assert(load("return load('return ' .. ...)(1)")("6 * 7") == 42)

-- Damaged binary chunks are refused.
f, err = load("\27Lua")
assert(not f and err == "(binary): cannot load incompatible bytecode", err)
f, err = load("\27LJ\127\0")
assert(not f and err == "(binary): cannot load incompatible bytecode", err)

-- Wrong arguments.
assert(not pcall(load) and not pcall(load, nil) and not pcall(load, 5 == 6) and not pcall(load, {}))
assert(load(5) == nil, "a number is taken as text")

-- dofile and loadfile.
local name = os.tmpname()
local file = assert(io.open(name, "w"))
file:write("#!/usr/bin/env luajit\nlocal a = ...\nreturn a, 'from file', x_of_file\n")
file:close()
local first, second, third = loadfile(name)("arg")
assert(first == "arg" and second == "from file" and third == nil)
assert(select(3, loadfile(name, "t", { x_of_file = 3 })()) == 3 and select(2, dofile(name)) == "from file")
f, err = loadfile(name, "b")
assert(not f and err == "attempt to load chunk with wrong mode", err)
file = assert(io.open(name, "wb"))
file:write(dump)
file:close()
assert(loadfile(name)() == 5 and dofile(name) == 5)
file = assert(io.open(name, "w"))
file:write("x = = 1")
file:close()
f, err = loadfile(name)
assert(not f and err == name .. ":1: unexpected symbol near '='", err)
assert(not pcall(dofile, name))
os.remove(name)
f, err = loadfile(name)
assert(not f and err == "cannot open " .. name .. ": No such file or directory" or err == "cannot open " .. name, err)

-- A reader may return numbers.
local pieces = { "return ", 1, 2, ".", 5 }
local at = 0
assert(load(function()
  at = at + 1
  return pieces[at]
end)() == 12.5)

-- Pieces that end within an escape sequence.
local text = [[return "\065\x42\u{43}\z
  D\
E"]]
for size = 1, 9 do
  local position = 1
  local chunk = assert(load(function()
    local piece = text:sub(position, position + size - 1)
    position = position + size
    return piece ~= "" and piece or nil
  end))
  assert(chunk() == "ABCD\nE")
end

-- A reader is asked for no more than what the first error needs.
local function asked(pieces)
  local calls = 0
  local chunk = load(function()
    calls = calls + 1
    return pieces[calls]
  end, "=pieces")
  return not chunk and calls
end
assert(asked({ "x = = ", "1 ", "2 ", "3 " }) == 1)
assert(asked({ "x ", "= ", "1 ", "= ", "2 ", "3 " }) == 4)
-- It takes the next byte to see where a name ends.
assert(asked({ "return", " a", " b", "c", " d", " e" }) == 5)
local many = {}
for i = 1, 300 do
  many[i] = "x = 1 "
end
many[150] = "y y "
assert(asked(many) == 150)
