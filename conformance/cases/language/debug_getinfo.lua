--- `debug.getinfo`: every field, for functions and levels, and the options.

local function sample(a, b, ...)
  local c = a
  return function()
    return c, b
  end
end

local info = debug.getinfo(sample)
assert(info.what == "Lua" and info.linedefined == 3 and info.lastlinedefined == 8 and info.currentline == -1)
assert(info.source:match("^@.*debug_getinfo%.lua$") and info.short_src == (#info.source <= 60 and info.source:sub(2) or "..." .. info.source:sub(-56)))
assert(info.nups == 0 and info.nparams == 2 and info.isvararg == true and info.func == sample and info.namewhat == "" and info.name == nil)
info = debug.getinfo(sample(1, 2))
assert(info.nups == 2 and info.nparams == 0 and info.isvararg == false and info.linedefined == 5 and info.lastlinedefined == 7)

-- Library functions.
info = debug.getinfo(string.sub)
assert(info.what == "C" and info.source == "=[C]" and info.short_src == "[C]" and info.linedefined == -1 and info.currentline == -1 and info.isvararg == true and info.nparams == 0)

-- Chunks.
local chunk = load("\n\nreturn 1\n", "=name")
info = debug.getinfo(chunk)
assert(info.what == "main" and info.source == "=name" and info.short_src == "name" and info.linedefined == 0 and info.isvararg == true)
assert(debug.getinfo(load("x = 1", "text"), "S").short_src == '[string "text"]' and debug.getinfo(load("x = 1", "text"), "S").source == "text")
assert(debug.getinfo(load("x = 1\ny = 2"), "S").short_src == '[string "x = 1..."]' and debug.getinfo(load("x = 1", "@a/b.lua"), "S").short_src == "a/b.lua")

-- Options pick fields.
local function fields(...)
  local names = {}
  for k in pairs(debug.getinfo(...)) do
    names[#names + 1] = k
  end
  table.sort(names)
  return table.concat(names, " ")
end
assert(fields(sample, "S") == "lastlinedefined linedefined short_src source what", fields(sample, "S"))
assert(fields(sample, "l") == "currentline" and fields(sample, "u") == "isvararg nparams nups" and fields(sample, "f") == "func")
assert(fields(sample, "n") == "namewhat" and fields(sample, "L") == "activelines" and fields(sample, "Sl"):find("currentline"))
assert(fields(sample) == "currentline func isvararg lastlinedefined linedefined namewhat nparams nups short_src source what")
assert(not pcall(debug.getinfo, sample, "X") and not pcall(debug.getinfo, sample, ">S"))

-- Lines with code.
local active = debug.getinfo(sample, "L").activelines
assert(active[4] and active[7] and not active[3] and not active[6] and not active[9])

-- Levels: 0 is getinfo, 1 the caller.
local function level_info(level, what)
  local i = debug.getinfo(level, what)
  return i
end
assert(level_info(0, "n").name == "getinfo" and level_info(0, "S").what == "C")
assert(level_info(1, "f").func == level_info and level_info(1, "l").currentline == 49, level_info(1, "l").currentline)
assert(debug.getinfo(1, "l").currentline == 54 and debug.getinfo(1000) == nil)

-- How a function was called.
local function whoami()
  local i = debug.getinfo(2, "n")
  return i.namewhat .. " " .. tostring(i.name)
end
local function by_local()
  return (whoami())
end
assert(by_local() == "local by_local")
global_for_getinfo = by_local
assert(global_for_getinfo() == "global global_for_getinfo")
global_for_getinfo = nil
local t = { field = by_local, [1] = by_local }
assert(t.field() == "field field" and t:field() == "method field" and t[1]() == " nil")
local function by_upvalue()
  return (by_local())
end
assert(by_upvalue() == "upvalue by_local")
assert(select(2, pcall(by_local)) == " nil")
local seen
setmetatable(t, {
  __index = function()
    seen = whoami()
  end,
  __newindex = function()
    seen = whoami()
  end,
  __add = function()
    return (whoami())
  end,
})
local _ = t.missing
assert(seen == "metamethod __index")
t.new = 1
assert(seen == "metamethod __newindex" and t + 1 == "metamethod __add")
for v in by_local do
  assert(v == "for iterator (for generator)" or v == "local (for generator)", v)
  break
end
local function tail()
  return by_local()
end
assert(tail() == "local tail")

-- Other coroutines.
local co = coroutine.create(function()
  local function inner()
    coroutine.yield()
  end
  inner()
end)
coroutine.resume(co)
assert(debug.getinfo(co, 0, "n").name == "yield" and debug.getinfo(co, 1, "n").name == "inner" and debug.getinfo(co, 1, "l").currentline == 103)
assert(debug.getinfo(co, 2, "S").what == "Lua" and debug.getinfo(co, 3) == nil)

-- Walking the stack.
local depth, found = 1, false
while true do
  local i = debug.getinfo(depth, "S")
  if not i then
    break
  end
  if i.what == "main" then
    found = true
  end
  depth = depth + 1
end
assert(found and depth > 1)

-- What follows a zero is no option.
assert(debug.getinfo(1, "l\0?").currentline)

-- A stripped function has no lines, and a native one is not asked for them.
local stripped = loadstring(string.dump(sample, true))
assert(next(debug.getinfo(stripped, "L").activelines) == nil and fields(print, "L") == "")
