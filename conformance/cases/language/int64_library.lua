--- 64-bit integers given to library functions: which take them, and how the others refuse.

local function check(expression, expected)
  local result = tostring(assert(loadstring("return " .. expression, "=case"))())
  assert(result == expected, expression .. " gave " .. result)
end
local function fails(expression, message)
  local ok, err = pcall(assert(loadstring("local _ = " .. expression, "=case")))
  assert(not ok, expression .. " gave " .. tostring(err))
  assert(err == message, expression .. ": " .. tostring(err))
end

-- Conversions.
assert(tostring(1LL) == "1LL" and tostring(-1LL) == "-1LL" and tostring(-1ULL) == "18446744073709551615ULL")
assert(tonumber(5LL) == 5 and type(tonumber(5LL)) == "number" and tonumber(-1ULL) == 2 ^ 64 and tonumber(-3LL, 10) == -3)
fails("tonumber(5LL, 16)", "case:1: bad argument #1 to 'tonumber' (string expected, got cdata)")
fails("tonumber('5', 16LL)", "case:1: bad argument #2 to 'tonumber' (number expected, got cdata)")

-- string.format: integers in full, other directives not at all.
check('("%d %i %5d|%-5d|%05d|%+d|% d|%.3d"):format(-1LL, 2LL, 3LL, 4LL, 5LL, 6LL, 7LL, 8LL)', "-1 2     3|4    |00005|+6| 7|008")
check('("%u %x %X %o %#x %#o"):format(-1LL, 255LL, 255ULL, 8ULL, 255LL, 8LL)', "18446744073709551615 ff FF 10 0xff 010")
check('("%d %u"):format(0xffffffffffffffffULL, 0xffffffffffffffffULL)', "-1 18446744073709551615")
check('("%d"):format(9223372036854775807LL)', "9223372036854775807")
check('("%s|%8s|%-8s|%.2s|%q"):format(1LL, 2LL, 3ULL, 45LL, 6ULL)', '1LL|     2LL|3ULL    |45|"6ULL"')
for _, directive in ipairs({ "c", "e", "E", "f", "g", "G", "a", "A" }) do
  fails(('("%%%s"):format(1LL)'):format(directive), "case:1: bad argument #1 to 'format' (number expected, got cdata)")
end

-- bit: 64 bits where an operand has them.
check("bit.band(0xff00ff00ff00ff00ULL, 0xffffffffLL)", "4278255360ULL")
check("bit.band(-1LL, 0xffffffff)", "4294967295LL")
check("bit.bor(1LL, 2ULL, 4)", "7ULL")
check("bit.bor(1, '2', 4LL)", "7LL")
check("bit.bor(1.7, 2LL)", "3LL")
check("bit.bxor(-1LL, 1)", "-2LL")
check("bit.bnot(0LL)", "-1LL")
check("bit.bnot(0ULL)", "18446744073709551615ULL")
check("bit.lshift(1LL, 63)", "-9223372036854775808LL")
check("bit.lshift(1ULL, 63)", "9223372036854775808ULL")
check("bit.lshift(1LL, 64)", "1LL")
check("bit.rshift(-1LL, 60)", "15LL")
check("bit.arshift(-16LL, 2LL)", "-4LL")
check("bit.arshift(0x8000000000000000ULL, 63)", "18446744073709551615ULL")
check("bit.rol(0x123456789abcdef0ULL, 8)", "3771334343958392850ULL")
check("bit.ror(1LL, 1)", "-9223372036854775808LL")
check("bit.bswap(1LL)", "72057594037927936LL")
check("bit.tobit(0x1ffffffffLL)", "-1")
check("bit.tohex(-1LL)", "ffffffffffffffff")
check("bit.tohex(255ULL, 4)", "00ff")
check("bit.tohex(0xabcdef0123456789LL, -20)", "0000ABCDEF0123456789")
check("bit.tohex(255, 4LL)", "00ff")
-- Only the value makes the result wide, not the count.
check("bit.lshift(1, 33LL)", "2")
assert(type(bit.lshift(1, 33LL)) == "number" and type(bit.tobit(1LL)) == "number")
fails("bit.bor(1LL, nil)", "case:1: bad argument #2 to 'bor' (number expected, got nil)")
fails("bit.bor({}, 1LL)", "case:1: bad argument #1 to 'bor' (number expected, got table)")

-- What wants a number or a string gets neither.
for name, call in pairs({
  floor = "math.floor(1LL)", max = "math.max(1LL, 2)", abs = "math.abs(-1LL)", char = "string.char(65LL)",
  random = "math.random(1LL)", fmod = "math.fmod(1LL, 2)", select = "select(1LL, 2)",
}) do
  fails(call, ("case:1: bad argument #1 to '%s' (number expected, got cdata)"):format(name))
end
fails("string.rep('x', 3LL)", "case:1: bad argument #2 to 'rep' (number expected, got cdata)")
fails("('x'):rep(3LL)", "case:1: bad argument #1 to 'rep' (number expected, got cdata)")
fails("string.sub('abc', 2LL)", "case:1: bad argument #2 to 'sub' (number expected, got cdata)")
fails("string.len(1LL)", "case:1: bad argument #1 to 'len' (string expected, got cdata)")
fails("table.concat({ 1, 2LL })", "case:1: invalid value (cdata) at index 2 in table for 'concat'")
fails("table.insert({}, 1LL, 2)", "case:1: bad argument #2 to 'insert' (number expected, got cdata)")
fails("unpack({}, 1LL)", "case:1: bad argument #2 to 'unpack' (number expected, got cdata)")
fails("ipairs(1LL)", "case:1: 'int64_t' has no '__ipairs' metamethod")
fails("pairs(1ULL)", "case:1: 'uint64_t' has no '__pairs' metamethod")
fails("next(1LL)", "case:1: bad argument #1 to 'next' (table expected, got cdata)")
fails("('abc'):gsub('b', 1LL)", "case:1: bad argument #2 to 'gsub' (string/function/table expected)")
fails("('abc'):gsub('b', function() return 1LL end)", "case:1: invalid replacement value (a cdata)")
fails("io.write(1LL)", "case:1: bad argument #1 to 'write' (string expected, got cdata)")
fails("setmetatable({}, 1LL)", "case:1: bad argument #2 to 'setmetatable' (nil or table expected)")
check("math.deg(3LL)", "171LL")
check("math.rad(180ULL)", "0ULL")

-- Loops by numbers do not count with them.
local function loop(source)
  local ok, err = pcall(assert(loadstring("for i = " .. source .. " do end", "=case")))
  return not ok and err
end
assert(loop("1LL, 2") == "case:1: 'for' initial value must be a number")
assert(loop("1, 2LL") == "case:1: 'for' limit must be a number")
assert(loop("1, 2, 1ULL") == "case:1: 'for' step must be a number")

-- As keys of tables they are objects, each of its own.
local key = 7LL
local t = { [key] = "seven" }
assert(t[key] == "seven" and t[7LL] == nil and t[7] == nil and rawget(t, key) == "seven" and next(t) == key)
t[7LL], t[7] = "another", "number"
local count = 0
for k in pairs(t) do
  assert(k == 7)
  count = count + 1
end
assert(count == 3 and t[key] == "seven" and t[7] == "number")
t[key] = nil
assert(t[key] == nil and #{ 1LL, 2LL } == 2)

-- Weak tables lose them, as they lose objects.
local weak = setmetatable({}, { __mode = "k" })
weak[key + 1] = true
weak[key] = true
local values = setmetatable({}, { __mode = "v" })
values[1], values[2] = key + 1, key
collectgarbage()
collectgarbage()
assert(next(weak) == key and next(weak, key) == nil and values[1] == nil and values[2] == key)

-- Sorting mixes them with numbers.
local list = { 3LL, 1, 2ULL, -1, 0LL }
table.sort(list, function(a, b) return tonumber(a) < tonumber(b) end)
assert(list[1] == -1 and list[2] == 0LL and list[5] == 3LL)
local integers = { 5LL, 3LL, 9LL, -4LL, 0LL, 3LL }
table.sort(integers)
assert(integers[1] == -4LL and integers[2] == 0LL and integers[6] == 9LL)
assert(not pcall(table.sort, { 1LL, "a" }))

-- Errors, coroutines, upvalues and varargs carry them as they are.
local ok, err = pcall(error, key)
assert(not ok and rawequal(err, key))
ok, err = pcall(assert, false, key)
assert(not ok and rawequal(err, key))
assert(rawequal(assert(key), key) and rawequal(debug.traceback(key), key))
local wrapped = coroutine.wrap(function(x)
  return coroutine.yield(x + 1) * 2
end)
assert(wrapped(1LL) == 2LL and wrapped(21ULL) == 42ULL)
assert(select(2, debug.getupvalue(function() return key end, 1)) == 7LL and select("#", 1LL, nil, 2LL) == 3)

-- string.buffer writes them as text and serializes them by their type.
local buffer = require("string.buffer")
assert(tostring(buffer.new():put(1LL, " ", 2ULL)) == "1LL 2ULL")
assert(tostring(buffer.new():putf("%d %x %s", -1LL, -1LL, -1LL)) == "-1 ffffffffffffffff -1LL")
assert(buffer.encode(1LL) == "\16\1\0\0\0\0\0\0\0" and buffer.encode(-1ULL) == "\17" .. ("\255"):rep(8))
assert(buffer.decode("\16\255\255\255\255\255\255\255\127") == 9223372036854775807LL)
for _, value in ipairs({ 0LL, -1LL, 0ULL, -1ULL, 0x7fffffffffffffffLL, 0x8000000000000000ULL }) do
  local copy = buffer.decode(buffer.encode({ value, key = value }))
  assert(tostring(copy[1]) == tostring(value) and tostring(copy.key) == tostring(value) and type(copy[1]) == "cdata")
end
assert(next(buffer.decode(buffer.encode({ [5LL] = true }))) == 5LL)
assert(not pcall(buffer.decode, "\16\1\0\0\0\0\0\0") and not pcall(buffer.decode, "\17"))
local b = buffer.new(16LL):put("hello world")
assert(b:skip(2LL):get(3ULL) == "llo" and not pcall(b.skip, b, -1LL) and not pcall(b.get, b, -1ULL))
fails("require('string.buffer').new():set(1LL)", "case:1: bad argument #1 to 'set' (cannot convert 'int64_t' to 'const void *')")
