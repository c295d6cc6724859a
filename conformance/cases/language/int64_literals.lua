--- Literals of 64-bit integers: `LL` and `ULL` in every spelling, what is refused, and what they are.

local function shown(source)
  local value = assert(loadstring("return " .. source, "=case"))()
  return type(value) .. " " .. tostring(value)
end
local function check(source, expected)
  local result = shown(source)
  assert(result == "cdata " .. expected, source .. " gave " .. result)
end

-- Signed and unsigned, decimal, hexadecimal and binary, in any case.
for _, suffix in ipairs({ "LL", "ll", "Ll", "lL" }) do
  check("42" .. suffix, "42LL")
  check("0x2a" .. suffix, "42LL")
  check("0X2A" .. suffix, "42LL")
  check("0b101010" .. suffix, "42LL")
  check("-42" .. suffix, "-42LL")
end
for _, suffix in ipairs({ "ULL", "ull", "uLL", "Ull", "uLl", "UlL", "LLU", "llu", "LLu", "llU", "lLu" }) do
  check("42" .. suffix, "42ULL")
  check("0x2a" .. suffix, "42ULL")
  check("0B101010" .. suffix, "42ULL")
  check("-1" .. suffix, "18446744073709551615ULL")
end

-- The whole range of 64 bits; a signed literal may wrap, but no literal may have more bits.
check("9223372036854775807LL", "9223372036854775807LL")
check("9223372036854775808LL", "-9223372036854775808LL")
check("-9223372036854775808LL", "-9223372036854775808LL")
check("18446744073709551615LL", "-1LL")
check("18446744073709551615ULL", "18446744073709551615ULL")
check("0xffffffffffffffffLL", "-1LL")
check("0x8000000000000000ULL", "9223372036854775808ULL")
check("0b" .. ("1"):rep(64) .. "ULL", "18446744073709551615ULL")
check("000000000000000000000000000000007LL", "7LL")
check("0x0000000000000000000000000000000ffLL", "255LL")
check("-0LL", "0LL")
check("- -5LL", "5LL")
check("-(5ULL)", "18446744073709551611ULL")

local function refused(source, message)
  local f, err = loadstring("return " .. source, "=case")
  assert(not f, source .. " was accepted")
  assert(err == "case:1: " .. message, source .. ": " .. err)
end
for _, number in ipairs({
  "18446744073709551616LL", "18446744073709551616ULL", "0x10000000000000000LL", "0b1" .. ("0"):rep(64) .. "ULL",
  "1L", "1U", "1UL", "1LU", "1LUL", "1LLL", "1ULLU", "1UULL", "1.5LL", "1.LL", "1e2LL", "0x1p2LL", "0x1.8LL",
  "0b2LL", "0xLL", "0bLL", "1LLx", "1LL2", "1LL.5", "1LL..", "1LL..2",
}) do
  refused(number, "malformed number near '" .. number .. "'")
end
refused("1 LL", "'<eof>' expected near 'LL'")
refused("1LL()", "'<eof>' expected near '('")

-- Strings do not read as such numbers.
assert(tonumber("42LL") == nil and tonumber("0x2aULL") == nil and not pcall(function() return "1LL" + 1 end))

-- What a literal is.
assert(type(1LL) == "cdata" and type(1ULL) == "cdata" and 1LL and not not 0LL)
assert(getmetatable(1LL) == "ffi" and getmetatable(1ULL) == "ffi" and not pcall(setmetatable, 1LL, {}))

-- Each literal is one object, each evaluation of an operator makes another.
local function literal() return 7LL end
assert(rawequal(literal(), literal()) and not rawequal(7LL, 7LL) and not rawequal(7LL, 7))
assert(not rawequal(literal(), -literal()) and not rawequal(literal(), literal() + 0))

-- Constants of a function, in constructors, and through a dump.
local dumped = string.dump(assert(loadstring("return 1LL, -2ULL, 0x7fffffffffffffffLL, { 3LL, x = 4LL, [5LL] = 6LL }")), true)
local a, b, c, t = loadstring(dumped)()
assert(a == 1 and tostring(b) == "18446744073709551614ULL" and tostring(c) == "9223372036854775807LL")
assert(t[1] == 3LL and t.x == 4LL and t[5LL] == nil)
local function nested()
  return function() return 0x123456789abcdefLL end
end
assert(tostring(loadstring(string.dump(nested))()()) == "81985529216486895LL")
