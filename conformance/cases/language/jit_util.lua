--- `require "jit.util"`: functions as bytecode; and the arguments of `jit.on`, `off`, `flush`, `opt.start`.

local util = require("jit.util")
assert(package.loaded["jit.util"] == util)

local up = 1
local function f(a, b, ...) local c = a + 1.5
  local d = "x" .. b
  return function() return up, c, d end, "k"
end
local line = debug.getinfo(f, "S").linedefined

local function fields(info)
  local list = {}
  for key, value in pairs(info) do
    if key ~= "proto" and key ~= "addr" and key ~= "ffid" then
      list[#list + 1] = key .. "=" .. tostring(value)
    end
  end
  table.sort(list)
  return table.concat(list, " ")
end
local chunk = assert(loadstring("local x, y = 1, 2.5\nreturn { x, ... }, 'text'\n", "=chunk"))
assert(fields(util.funcinfo(chunk)) == "bytecodes=9 children=false currentline=0 gcconsts=1 isvararg=true lastlinedefined=3 linedefined=0 loc=chunk:0 nconsts=2 params=0 source==chunk stackslots=4 upvalues=0", fields(util.funcinfo(chunk)))
local info = util.funcinfo(f)
assert(info.linedefined == line and info.lastlinedefined == line + 3 and info.currentline == line)
assert(info.params == 2 and info.isvararg and info.children and info.upvalues == 1 and info.nconsts == 1)
assert(info.loc:match("^[^/]*%.lua:%d+$") and info.source:sub(1, 1) == "@")
assert(util.funcinfo(f, 3).currentline == line + 1 and util.funcinfo(f, 1).currentline == line)
assert(util.funcinfo(f, 100).currentline == nil and util.funcinfo(f, -1).loc:match(":0$"))
assert(util.funcinfo(loadstring("return 1", "some text")).loc == '"some text":0')
local native = util.funcinfo(string.rep)
assert(native.addr and not native.loc and not native.linedefined and native.upvalues == 0)

-- Instructions with their modes: the header of a vararg function first.
local function code(g)
  local list = {}
  for position = 0, 100 do
    local word, mode = util.funcbc(g, position)
    if not word then
      break
    end
    list[#list + 1] = word .. ":" .. mode
  end
  return table.concat(list, " ")
end
assert(code(function() end) == "345:45060 65611:45828", code(function() end))
assert(code(f):match("^%d+:45060 534:21657 807:46337 66578:45441 50594598:16929 66611:5633 "), code(f))
assert(util.funcbc(f, -1) == nil and util.funcbc(f, 1000) == nil)

-- Constants and upvalues.
assert(util.funck(f, 0) == 1.5 and util.funck(f, 1) == nil and util.funck(f, -1) == "x" and util.funck(f, -9) == nil)
assert(util.funck(chunk, -1) == "text")
assert(util.funcuvname(f, 0) == "up" and util.funcuvname(f, 1) == nil and util.funcuvname(f, -1) == nil)
assert(util.traceinfo(60000) == nil and util.tracek(60000, 1) == nil)

local function refuses(expected, ...)
  local ok, message = pcall(...)
  assert(not ok and message == expected, message)
end
refuses("bad argument #1 to '?' (function expected, got number)", util.funcinfo, 1)
refuses("bad argument #1 to '?' (function expected, got no value)", util.funcinfo)
refuses("bad argument #2 to '?' (number expected, got string)", util.funcinfo, f, "x")
refuses("bad argument #1 to '?' (function expected, got function)", util.funcbc, print, 1)
refuses("bad argument #2 to '?' (number expected, got no value)", util.funck, f)
refuses("bad argument #1 to '?' (function expected, got number)", jit.on, 1)
refuses("bad argument #1 to '?' (function expected, got function)", jit.off, print)
refuses("bad argument #1 to '?' (function expected, got string)", jit.flush, "x")
refuses("bad argument #1 to '?' (function expected, got boolean)", jit.off, false)
refuses("unknown or malformed optimization flag 'nope'", jit.opt.start, "nope")
refuses("unknown or malformed optimization flag 'hotloop=x'", jit.opt.start, "hotloop=x")
refuses("bad argument #1 to '?' (string expected, got table)", jit.opt.start, {})
assert(select("#", jit.flush(1), jit.off(nil), jit.off(f, true), jit.on(true)) == 3)
