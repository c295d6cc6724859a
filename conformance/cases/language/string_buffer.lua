--- `string.buffer`: building, reading, and the serializer of plain values.

local buffer = require("string.buffer")
local b = buffer.new()
assert(#b == 0 and tostring(b) == "" and b:get() == "")
assert(b:put("a", 1, "b", 2.5) == b and tostring(b) == "a1b2.5" and #b == 6)
b:putf("%03d|%s", 7, "x")
assert(tostring(b) == "a1b2.5007|x")
assert(b:get(2) == "a1" and #b == 9 and b:get(1, 3) == "b" and #b == 5)
b:reset()
b:put("hello world")
assert(b:skip(6) == b and tostring(b) == "world" and b:get() == "world" and #b == 0)
assert(b:set("fixed") == b and b:get(100) == "fixed")
local other = buffer.new(100)
other:put("x", b, "y")
assert(tostring(other) == "xy")
b:put("inner")
other:put(b)
assert(tostring(other) == "xyinner" and "<" .. other .. ">" == "<xyinner>")
for i = 1, 1000 do
  b:put(i, ",")
end
assert(#b == 5 + 3893 and b:get(9) == "inner1,2,")
b:free()
assert(#b == 0)

-- A value through bytes and back.
local function again(v)
  return buffer.decode(buffer.encode(v))
end
for _, v in ipairs({ 0, 1, -1, 255, 2 ^ 31, 2 ^ 53, 0.5, -1e300, "", "text", "a\0b", ("x"):rep(1000), true, false }) do
  assert(again(v) == v)
end
assert(again(nil) == nil)
local nan = again(0 / 0)
assert(nan ~= nan and again(1 / 0) == 1 / 0)
local t = again({ 1, 2, { "nested", x = { y = false } }, key = "value", [0.5] = "half", [true] = 1, [-3] = "minus" })
assert(t[1] == 1 and t[2] == 2 and t[3][1] == "nested" and t[3].x.y == false and t.key == "value" and t[0.5] == "half" and t[true] == 1 and t[-3] == "minus")
local long = {}
for i = 1, 1000 do
  long[i] = i * 1.5
end
long = again(long)
assert(#long == 1000 and long[1000] == 1500)

-- Several values in one buffer.
b = buffer.new()
b:encode(1):encode("two"):encode({ 3 })
assert(b:decode() == 1 and b:decode() == "two" and b:decode()[1] == 3 and #b == 0)

-- Dictionaries of keys shorten what is written.
local options = { dict = { "name", "value" } }
local with = buffer.new(options)
with:encode({ name = "n", value = "v" })
assert(#with < #buffer.encode({ name = "n", value = "v" }))
local decoded = with:decode()
assert(decoded.name == "n" and decoded.value == "v")

-- What cannot be written or read.
assert(not pcall(buffer.encode, print) and not pcall(buffer.encode, coroutine.create(print)) and not pcall(buffer.encode, { f = function() end }))
assert(not pcall(buffer.decode, "") and not pcall(buffer.decode, "\255\255") and not pcall(buffer.decode, buffer.encode("text"):sub(1, 3)))
