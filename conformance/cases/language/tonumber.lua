--- `tonumber`: accepted texts, bases, other types.

local function is(text, number)
  local n = tonumber(text)
  assert(n == number, ("%q gave %s"):format(text, tostring(n)))
end
is("10", 10)
is(" 10 ", 10)
is("\t7\n", 7)
is("-5", -5)
is("+5", 5)
is("0x10", 16)
is("-0x10", -16)
is("0XfF", 255)
is("0x.8", 0.5)
is("0x1p4", 16)
is("0b11", 3)
is("1e1", 10)
is("5e+2", 500)
is("1E-2", 0.01)
is("1.", 1)
is(".5", 0.5)
is("-.5", -0.5)
is("1e400", math.huge)
is("inf", math.huge)
is("-inf", -math.huge)
is("Infinity", math.huge)
is("0xffffffffffffffffff", 2 ^ 72)
is("9007199254740993", 9007199254740992)
is("0.1", 0.1)
is("123456789012345678901234567890", 123456789012345678901234567890)
is("4.9e-324", 2 ^ -1074)
is("2.4703282292062327e-324", 0)
is("2.4703282292062328e-324", 2 ^ -1074)
is("1.7976931348623158e308", 1.7976931348623157e308)
is("8.5", 8.5)
is("0000000000000000000000000001", 1)
is(("0"):rep(400) .. "1", 1)
is("0." .. ("0"):rep(400) .. "1", 0)
is("1" .. ("0"):rep(400), math.huge)
is("1" .. ("0"):rep(30) .. "e-30", 1)
local nan = tonumber("nan")
assert(nan ~= nan)
for _, text in ipairs({ "", " ", "x", "10a", "0x", "1 2", "1e", "1e+", ".", "- 5", "--5", "1_0", "1e1.5", "7\0", "0xg", "1,5", "five", "0x1p", "e5", "+", "-", "1LL", "1i" }) do
  assert(tonumber(text) == nil, text)
end

-- Bases.
local function based(text, base, number)
  local n = tonumber(text, base)
  assert(n == number, ("%q in base %d gave %s"):format(tostring(text), base, tostring(n)))
end
based("10", 2, 2)
based(" 11 ", 2, 3)
based("zz", 36, 1295)
based("ZZ", 36, 1295)
based("ff", 16, 255)
based("0xff", 16, 255)
based("-ff", 16, -255)
based("8", 8, nil)
based("z", 35, nil)
based("", 10, nil)
based("1 1", 2, nil)
based("1.5", 10, 1.5)
based("1e1", 10, 10)
based("1e1", 16, 481)
based("7fffffff", 16, 2147483647)
based("ffffffff", 16, 4294967295)
based("fffffffff", 16, 68719476735)
based("1", 10.9, 1)
based(10, 10, 10)
based(10, 16, 16)
assert(tonumber("10", nil) == 10)

-- Other types.
assert(tonumber(5) == 5 and tonumber(1.5) == 1.5 and tonumber(nil) == nil and tonumber(true) == nil and tonumber({}) == nil and tonumber(print) == nil)
assert(tonumber(setmetatable({}, { __tostring = function()
  return "5"
end })) == nil)

-- There and back.
for _, n in ipairs({ 0, 1, -1, 0.5, 123456, 1e10, 2 ^ 40, -1e-5 }) do
  assert(tonumber(tostring(n)) == n)
end
for i = 1, 200 do
  local x = (i * 7919 % 1000) / 8
  assert(tonumber(("%.17g"):format(x)) == x)
end

local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
refused(function() return (tonumber()) end, "bad argument #1 to 'tonumber' (value expected)")
refused(function() return (tonumber("1", 1)) end, "bad argument #2 to 'tonumber' (base out of range)")
refused(function() return (tonumber("1", 37)) end, "bad argument #2 to 'tonumber' (base out of range)")
assert(tonumber({}, 10) == nil and tonumber(nil, 10) == nil, "base ten is the same as no base")
refused(function() return (tonumber({}, 16)) end, "bad argument #1 to 'tonumber' (string expected, got table)")
