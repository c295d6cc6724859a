--- `string.buffer`: putting and taking, formatting, and the serialization's bytes and errors.

local ok, buffer = pcall(require, "string.buffer")
if not ok then
  return
end

local function raises(message, f, ...)
  local okay, got = pcall(f, ...)
  assert(not okay and tostring(got):find(message, 1, true), tostring(got))
end

-- Put, take, skip.
local b = buffer.new()
assert(b:put("ab", 1, 2.5, setmetatable({}, {
  __tostring = function()
    return "T"
  end,
})) == b)
assert(tostring(b) == "ab12.5T" and #b == 7 and b:tostring() == "ab12.5T")
assert(b:get(2) == "ab" and b:get(1, 2) == "1" and b:skip(1) == b and b:get() == "T" and b:get() == "" and #b == 0)
assert(select("#", b:put("abc"):get(1, nil, 3)) == 3)
assert(b:set("xyz"):skip(1):get(1) == "y" and b:put("!"):get() == "z!")
assert(#b:put("q"):reset() == 0 and #b:put("q"):free() == 0)
b:put("hello")
assert(b .. "a" == "helloa" and "a" .. b == "ahello" and b .. b == "hellohello" and 1 .. b == "1hello")
assert(buffer.new(100):put(b):get() == "hello" and type(b) == "userdata" and getmetatable(b) == "buffer")
b:reset()

-- Much at once, taken from the front while more is put.
local size = 0
for i = 1, 3000 do
  b:put(("x"):rep(i % 50))
  size = size + i % 50
  if i % 3 == 0 then
    size = size - #b:get(40)
  end
end
assert(#b == size)
b:reset()

-- Format.
b:putf("%s %q %5s|%-5s|%.1s %d %.1f", nil, "q", "a", "b", "ccc", 3, 2.5)
assert(b:get() == 'nil "q"     a|b    |c 3 2.5')
b:putf("<%s|%s>", buffer.new():put("zz"), setmetatable({}, {
  __tostring = function()
    return "T"
  end,
}))
assert(b:get() == "<zz|T>")
raises("bad argument #2 to 'putf' (number expected, got string)", function()
  b:putf("abc%d", "z")
end)
assert(b:get() == "abc", "what came before the error stays")

-- Arguments.
raises("bad argument #1 to 'put' (string/number/__tostring expected, got nil)", function()
  b:put(nil)
end)
raises("bad argument #1 to 'put' (cannot put buffer into itself)", function()
  b:put(b)
end)
raises("bad argument #1 to 'skip' (number out of range)", function()
  b:skip(-1)
end)
raises("bad argument #1 to 'set' (string expected, got number)", function()
  b:set(1)
end)
raises("bad argument #1 to 'new' (number expected, got string)", function()
  buffer.new("a")
end)
raises("bad options table", function()
  buffer.new({ dict = { 1 } })
end)
raises("buffer expected, got no value", b.put)

-- The bytes of each kind of value.
local function encodes(value, bytes)
  assert(buffer.encode(value) == bytes)
  return buffer.decode(bytes)
end
assert(encodes(nil, "\0") == nil and encodes(false, "\1") == false and encodes(true, "\2") == true)
assert(encodes("", "\32") == "" and encodes("abc", "\35abc") == "abc")
for length, head in pairs({ [191] = "\223", [192] = "\224\0", [8127] = "\255\223\31\0\0", [9000] = "\255\72\35\0\0" }) do
  local text = ("x"):rep(length)
  if length ~= 8127 then
    assert(encodes(text, head .. text) == text)
  end
  assert(buffer.decode(buffer.encode(text)) == text)
end
assert(buffer.decode("\7\0\0\0\0\0\0\248\63") == 1.5 and buffer.decode("\6\255\255\255\255") == -1)
assert(encodes({}, "\8") and encodes({ true, false }, "\12\3\2\1")[2] == false)
assert(encodes({ a = true }, "\9\1\33a\2").a and encodes({ [0] = true, false }, "\10\2\2\1")[0])
assert(encodes({ true, a = {} }, "\13\2\1\2\33a\8").a)
local data = { 1, 2, 3, nil, 5, x = { y = { z = "deep" } }, [1.5] = "f", [true] = false, s = ("s"):rep(500) }
local copy = buffer.decode(buffer.encode(data))
assert(copy[1] == 1 and copy[5] == 5 and copy.x.y.z == "deep" and copy[1.5] == "f" and copy[true] == false and copy.s == data.s)

-- A long table, and one whose parts occur many times.
local long = {}
for i = 1, 20000 do
  long[i] = { i }
end
assert(#buffer.decode(buffer.encode(long)) == 20000)
local shared = {}
for _ = 1, 9 do
  shared = { shared, shared, n = shared }
end
local much = buffer.new():encode(shared)
assert(#much > 3 ^ 9)
local back = much:decode()
assert(back[1][2].n[1].n and #much == 0)

-- Several values in one buffer.
local s = buffer.new()
s:encode(1):encode("a"):encode(nil)
assert(s:decode() == 1 and s:decode() == "a" and s:decode() == nil and #s == 0)

-- Dictionaries of keys and metatables.
local class = { __index = {} }
local options = { dict = { "foo", "bar" }, metatable = { class } }
local d = buffer.new(options)
assert(d:encode({ foo = true }):get() == "\9\1\15\0\2")
assert(d:encode({ bar = setmetatable({}, class) }):tostring() == "\9\1\15\1\14\0\8")
assert(getmetatable(d:decode().bar) == class)
raises("cannot deserialize dictionary index 3", function()
  d:put("\15\2"):decode()
end)

-- What is no serialized value.
for bytes, message in pairs({
  [""] = "unexpected end of buffer",
  ["\12\3\2"] = "unexpected end of buffer",
  ["\12\11\14\14\13"] = "cannot deserialize dictionary index 15",
  ["\9\7\0"] = "table index is nil",
  ["\36abc"] = "unexpected end of buffer",
  ["\8\8"] = "left-over data in buffer",
  ["\24"] = "cannot deserialize tag 0x18",
  ["\15\0"] = "cannot deserialize dictionary index 1",
  ["\9\2\1\1\1\1"] = "duplicate table key",
  ["\9\1\0\1"] = "table index is nil",
  [("\10\1"):rep(101) .. "\0"] = "too deep to serialize",
}) do
  raises(message, buffer.decode, bytes)
end
raises("cannot serialize 'function'", buffer.encode, print)
local cyclic = {}
cyclic[1] = cyclic
raises("too deep to serialize", buffer.encode, cyclic)
