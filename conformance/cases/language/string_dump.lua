--- `string.dump`: functions go through bytes and back, with and without debug information.

local function again(f, ...)
  return assert(load(string.dump(f, ...), "=dump", "b"))
end
assert(type(string.dump(function() end)) == "string" and string.dump(function() end):sub(1, 3) == "\27LJ")
assert(again(function(a, b)
  return a + b
end)(2, 3) == 5)
assert(again(function(...)
  return select("#", ...), ...
end)(1, nil) == 2)

-- Constants of every kind.
local function constants()
  return nil, true, false, 0, -1, 1.5, 1e300, 2 ^ 31, "text", "a\0b", ("x"):rep(3), { 1, 2, x = { y = "z" }, [10] = false }
end
local r = { again(constants)() }
assert(r[2] == true and r[3] == false and r[4] == 0 and r[5] == -1 and r[6] == 1.5 and r[7] == 1e300 and r[8] == 2 ^ 31)
assert(r[9] == "text" and r[10] == "a\0b" and r[11] == "xxx" and r[12][2] == 2 and r[12].x.y == "z" and r[12][10] == false)

-- Control flow, nested functions, upvalues inside.
local function program(n)
  local out = {}
  for i = 1, n do
    if i % 2 == 0 then
      goto continue
    end
    out[#out + 1] = (function(x)
      return x * i
    end)(2)
    ::continue::
  end
  local count = 0
  while count < 3 do
    count = count + 1
  end
  for k, v in pairs({ a = 1 }) do
    out[#out + 1] = k .. v
  end
  repeat
    count = count - 1
  until count == 0
  return table.concat(out, ",")
end
assert(program(5) == "2,6,10,a1" and again(program)(5) == "2,6,10,a1" and again(program, true)(5) == "2,6,10,a1")
assert(again(again(program))(5) == "2,6,10,a1")

-- Upvalues are not part of a dump: they come back as nil, one for each.
local up1, up2 = "one", "two"
local function uses()
  return up1, up2
end
local loaded = again(uses)
assert(loaded() == nil and debug.getupvalue(loaded, 1) == "up1" and debug.getupvalue(loaded, 2) == "up2")
debug.setupvalue(loaded, 1, "new")
assert(loaded() == "new" and uses() == "one")
debug.upvaluejoin(loaded, 2, uses, 2)
assert(select(2, loaded()) == "two")

-- Names and lines survive, unless stripped.
local function failing(t)
  return t.x.y
end
local line = debug.getinfo(failing, "S").linedefined + 1
local ok, err = pcall(again(failing), {})
assert(not ok and err:match("string_dump%.lua:" .. line .. ": attempt to index field 'x' %(a nil value%)$"), err)
ok, err = pcall(again(failing, true), {})
assert(not ok and err:match("attempt to index field 'x' %(a nil value%)$") or err:match("attempt to index a nil value$"), err)
assert(debug.getinfo(again(failing), "S").linedefined == line - 1 and debug.getlocal(again(failing), 1) == "t")
assert(debug.getlocal(again(failing, true), 1) ~= "t")
assert(#string.dump(program, true) < #string.dump(program))

-- The same function gives the same bytes.
assert(string.dump(program) == string.dump(program))

-- Globals of the loaded function are those of the loader.
global_of_dump = "seen"
assert(again(function()
  return global_of_dump
end)() == "seen")
global_of_dump = nil

-- Library functions have no bytes.
ok, err = pcall(string.dump, print)
assert(ok or err == "unable to dump given function", err)
ok, err = pcall(string.dump, string.sub)
assert(not ok and err == "unable to dump given function", err)

-- A stripped function takes its chunk's name from whoever loads it, and all its lines are 0.
local function stripped(source, ...)
  return assert(load(string.dump(loadstring(source, "@source.lua"), true), ...))
end
assert(select(2, pcall(stripped("error('x')", "=name"))) == "name:0: x")
assert(select(2, pcall(stripped("local t = ... return t.x", "@file.lua"))):find("^file.lua:0: attempt to index a nil value"))
-- Neovim's LuaJIT knows no better name than "?", older ones show the dump.
local is_old = jit.version_num < 20199
assert(select(2, pcall(stripped("error('x')"))) == (is_old and '[string "..."]:0: x' or "?:0: x"))
assert(debug.getinfo(stripped("return 1")).source:sub(1, 2) == (is_old and "\27L" or "=?"))
local of_stripped = debug.getinfo(stripped("return 1", "=name"))
assert(of_stripped.what == "Lua" and of_stripped.linedefined == 0 and of_stripped.short_src == "name")
assert(stripped("return debug.getinfo(1, 'l').currentline + 0")() == 0)
assert(stripped("local s = debug.traceback('') return s", "=name")():find("\tname: in function <name:0>", 1, true))

-- In a stripped function, upvalues have no names, but are said to be upvalues.
local nameless = loadstring(string.dump(assert(loadstring("local a = 1 return (function() return a.b.c end)()")), true), "=d")
local ok, message = pcall(nameless)
assert(not ok and message == "d:0: attempt to index upvalue '' (a number value)", message)
