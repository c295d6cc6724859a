--- Where a string buffer is taken for its text: `..`, `io.write`, `file:write`, `load`; and where it is not.

local buffer = require("string.buffer")
local b = buffer.new():put("hello ", 12)

local function check(expected, ...)
  local values = {}
  for i = 1, select("#", ...) do
    values[i] = tostring((select(i, ...))):gsub("0x%x+", "ADDR")
  end
  local found = table.concat(values, "|")
  assert(found == expected, found)
end
local function run(text)
  local ok, result = pcall(assert(loadstring("local b, other = ... return " .. text, "=x")), b, setmetatable({}, {
    __concat = function(left, right)
      return type(left) .. type(right)
    end,
  }))
  return result
end

check("hello 12hello 12", run("b .. b"))
check("ahello 121x", run("'a' .. b .. 1 .. 'x'"))
check("string", run("type(b .. '')"))
check("userdatatable", run("b .. other"))
check("tableuserdata", run("other .. b"))
check("x:1: attempt to concatenate local 'b' (a userdata value)", run("b .. {}"))
check("x:1: attempt to concatenate local 'b' (a userdata value)", run("b .. nil"))
check("x:1: attempt to concatenate a table value", run("{} .. b"))
check("x:1: attempt to concatenate a nil value", run("nil .. b"))
check("x:1: attempt to concatenate global 'none' (a nil value)", run("none .. b"))
assert(debug.getmetatable(b).__concat == nil and debug.getmetatable(b).__gc and getmetatable(b) == "buffer")

-- Chunks.
check("2", load(buffer.new():put("return 1 + 1"))())
check("3", loadstring(buffer.new():put("return 3"))())
check("9", load(buffer.new():put(string.dump(function()
  return 9
end)))())
check("nil|[string \"\"]:1: unexpected symbol near '='", load(buffer.new():put("x = = 1")))
check("nil|b:1: '=' expected near '<eof>'", load(buffer.new():put("x"), "@b"))
check("5", load(buffer.new():put("return ..."), "=n", "t", {})(5))
check("nil|attempt to load chunk with wrong mode", load(buffer.new():put("return"), "=n", "b"))
check("nil|: cannot load incompatible bytecode", load(buffer.new():put("\27LJ")))
check("nil|foo: cannot load incompatible bytecode", load("\27LJ", "foo"))
assert(#b == 8, "it is not used up")

-- Files.
local name = os.tmpname()
local file = assert(io.open(name, "w"))
assert(file:write(b, 1, b) == true)
file:close()
file = assert(io.open(name))
check("hello 121hello 12", file:read("*a"))
file:close()
os.remove(name)

-- Elsewhere it is userdata.
for _, f in ipairs({ string.len, string.upper, string.rep, os.getenv, io.open, tonumber }) do
  local ok, result = pcall(f, b, 2)
  assert(not ok or result == nil)
end
check("false|bad argument #1 to '?' (string expected, got userdata)", pcall(string.len, b))
check("false|invalid value (userdata) at index 1 in table for 'concat'", pcall(table.concat, { b }))
check("hello 12", ("%s"):format(b))
check("userdata: NULL", buffer.decode("\3"))

-- Options: `false` keeps a place, numbers stay those of the list.
local options = { dict = { "foo", false, "bar" }, metatable = { {}, {} } }
local function bytes(value)
  return (tostring(buffer.new(options):encode(value)):gsub(".", function(c)
    return ("%02x"):format(c:byte())
  end))
end
assert(bytes({ foo = 1 }) == "09010f0007000000000000f03f")
assert(bytes({ bar = "foo" }) == "09010f0223666f6f")
assert(bytes(setmetatable({}, options.metatable[2])) == "0e0108")
assert(bytes(setmetatable({}, {})) == "08")
local copy = buffer.new(options):encode(setmetatable({ bar = 2 }, options.metatable[1])):decode()
assert(copy.bar == 2 and getmetatable(copy) == options.metatable[1])
check("false|bad options table", pcall(buffer.new, { dict = { 1 } }))
check("false|bad options table", pcall(buffer.new, { metatable = { "x" } }))
check("false|bad argument #2 to '?' (table expected, got number)", pcall(buffer.new, 5, 5))
