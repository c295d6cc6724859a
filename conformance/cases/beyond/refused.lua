--- What LuaJIT has and a sandbox refuses, with an error that a program can catch.

local function refused(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, message)
end

refused(require, "ffi")
local complex, why = loadstring("\nreturn 1i", "=chunk")
assert(complex == nil and why == "chunk:2: complex numbers such as 1i are not supported", why)
local library, reason, stage = package.loadlib("libm.so", "sin")
assert(library == nil and reason:find("^dynamic libraries not enabled") and stage == "absent")
assert(jit.status() == false and jit.attach == nil)
assert(os.setlocale("de_DE.UTF-8") == nil and os.setlocale() == "C" and os.setlocale("", "numeric") == "C")
for _, method in ipairs({ "reserve", "commit", "ref", "putcdata" }) do
  local buffer = require("string.buffer").new()
  refused(buffer[method], buffer, 1)
end

-- What works here otherwise than there.
assert(select("#", debug.getupvalue(("a"):gmatch("a"), 1)) == 0)
assert(select("#", jit.on(), jit.off(), jit.flush(1)) == 2 and select("#", jit.status()) == 1)
local util = require("jit.util")
assert(util.ircalladdr == nil and util.funcinfo(function() end).proto == nil)
assert(util.funck(function() return function() end end, -1) == nil)
local buffer = require("string.buffer")
refused(buffer.decode, "\18" .. ("\0"):rep(16))
refused(buffer.decode, "\5\1\0\0\0\1\0\0\0")
refused(buffer.decode, "\9\255\255\255\255\255")

-- A module in C is found and not loaded.
local saved, library = package.cpath, os.tmpname()
package.cpath = library
local _, message = pcall(require, "in.c")
assert(message == ("error loading module 'in.c' from file '%s':\n\tmodules in C cannot be loaded in a sandbox"):format(library))
package.cpath = saved
os.remove(library)
assert(not pcall(debug.upvalueid, type, 1))
assert(select(2, xpcall(string.rep, debug.traceback)):find("\n\t[builtin#rep]:\n", 1, true))
assert(debug.traceback():find("in main chunk$"))
for _, f in ipairs({ string.len, print, math.random }) do
  local info = debug.getinfo(f)
  assert(info.what == "C" and info.nups == 0)
end

-- A count that no table can have is the end of the buffer, not "table overflow".
local decoded, decode_message = pcall(require("string.buffer").decode, "\9\255\255\255\255\255\1")
assert(not decoded and decode_message:find("unexpected end of buffer", 1, true), decode_message)
