--- `getmetatable`, `setmetatable`, `__metatable`, `__tostring`, and metatables of the basic types.

local mt = {}
local t = {}
assert(getmetatable(t) == nil and setmetatable(t, mt) == t and getmetatable(t) == mt)
assert(setmetatable(t, nil) == t and getmetatable(t) == nil)

-- A `__metatable` field hides and protects.
setmetatable(t, { __metatable = "locked" })
assert(getmetatable(t) == "locked")
local ok, err = pcall(setmetatable, t, {})
assert(not ok and err == "cannot change a protected metatable", err)
ok, err = pcall(setmetatable, t, nil)
assert(not ok)
assert(type(debug.getmetatable(t)) == "table" and debug.getmetatable(t).__metatable == "locked")
debug.setmetatable(t, nil)
assert(getmetatable(t) == nil)
setmetatable(t, { __metatable = false })
assert(getmetatable(t) == false and not pcall(setmetatable, t, {}))

-- Strings share one metatable; the other types have none.
assert(getmetatable("").__index == string and getmetatable("a") == getmetatable("b"))
assert(getmetatable(1) == nil and getmetatable(nil) == nil and getmetatable(true) == nil and getmetatable(print) == nil)
assert(getmetatable(coroutine.create(print)) == nil)
string.shout = function(s)
  return s:upper() .. "!"
end
assert(("hi"):shout() == "HI!")
string.shout = nil

-- `__tostring` is asked by tostring, print and string.format("%s").
local named = setmetatable({}, {
  __tostring = function(self)
    return "named " .. (rawget(self, "n") or "?")
  end,
})
assert(tostring(named) == "named ?" and ("%s"):format(named) == "named ?" and ("%10s|"):format(named) == "   named ?|")
named.n = "x"
assert(tostring(named) == "named x")
local result = setmetatable({}, { __tostring = function()
  return "a", "b"
end })
assert(select("#", tostring(result)) == 2 and select(2, tostring(result)) == "b", "tostring passes all results on")
assert(not pcall(function()
  return "" .. named
end), "concatenation does not ask")

-- Its result is not checked.
local odd = setmetatable({}, { __tostring = function()
  return 42
end })
assert(tostring(odd) == 42)
local none = setmetatable({}, { __tostring = function() end })
assert(tostring(none) == nil)
assert(("%s"):format(odd) == "42" and ("%s"):format(none) == "nil")
local failing = setmetatable({}, { __tostring = function()
  error("no name", 0)
end })
ok, err = pcall(tostring, failing)
assert(not ok and err == "no name")

-- `__name` is not known.
assert(tostring(setmetatable({}, { __name = "My" })):match("^table: "))

-- The forms of tostring.
assert(tostring(nil) == "nil" and tostring(true) == "true" and tostring(false) == "false" and tostring("s") == "s")
assert(tostring({}):match("^table: %S+$") and tostring(function() end):match("^function: %S+$"))
assert(tostring(coroutine.create(print)):match("^thread: %S+$") and tostring(newproxy()):match("^userdata: %S+$"))
assert(tostring(string.sub):match("^function: %S+$"))
local x = {}
assert(tostring(x) == tostring(x) and tostring(x) ~= tostring({}))

-- Types of other values through debug.setmetatable.
debug.setmetatable(print, { __index = { kind = "function" } })
assert(print.kind == "function" and (function() end).kind == "function")
debug.setmetatable(print, nil)
debug.setmetatable(true, { __index = function(b, k)
  return tostring(b) .. k
end })
assert((true).x == "truex" and (false).y == "falsey")
debug.setmetatable(true, nil)
debug.setmetatable(nil, { __index = function() end })
assert((nil).anything == nil and undefined_for_test == nil and (undefined_for_test).x == nil)
debug.setmetatable(nil, nil)
debug.setmetatable(0, { __index = math })
assert((4):sqrt() == 2 and (2.5):floor() == 2)
debug.setmetatable(0, nil)
assert(not pcall(function()
  return (4):sqrt()
end))

-- A metatable may be its own, and shared.
local self = {}
self.__index = self
setmetatable(self, self)
assert(rawget(self, "missing") == nil and getmetatable(self) == self)
local shared = { __index = { v = 1 } }
local p, q = setmetatable({}, shared), setmetatable({}, shared)
shared.__index.v = 2
assert(p.v == 2 and q.v == 2)
