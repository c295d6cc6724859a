--- Numeric literals: decimal, hexadecimal, exponents, hexadecimal fractions; what is refused.

assert(0 == 0. and .5 == 0.5 and 5. == 5 and 3.14 == 314e-2)
assert(1e3 == 1000 and 1E3 == 1000 and 1e+3 == 1000 and 1e-3 == 0.001 and 0.1e1 == 1)
assert(0x10 == 16 and 0XfF == 255 and 0xabcdef == 11259375 and 0xffffffff == 4294967295)
assert(0x7fffffff == 2147483647 and 0x80000000 == 2147483648)
assert(0x.8 == 0.5 and 0x1.8 == 1.5 and 0x1p4 == 16 and 0x1P-1 == 0.5 and 0xA.8p1 == 21)
assert(0x1p-1074 == 2 ^ -1074 and 0x1.fffffffffffffp1023 == 1.7976931348623157e308)
assert(0xffffffffffffffff == 18446744073709551615)
assert(123456789012345678901234567890 == 1.2345678901234567890123456789e29)
assert(9007199254740993 == 9007199254740992, "rounded to the nearest double")
assert(0.1 == 1e-1 and 1e308 * 10 == 1e309 and 1e-400 == 0)
assert(2.2250738585072014e-308 > 0 and 4.9e-324 == 2 ^ -1074)
assert(0.30000000000000004 == 0.1 + 0.2 and 1e23 == 1e22 * 10)

-- A number ends where an operator begins, but not where a name does.
assert(1 ..2 == "12" and 0x1 ..2 == "12")
assert(3-2 == 1 and 0xe-1 == 13 and 2^3 == 8)

local function refused(source, message)
  local f, err = load("return " .. source, "=case")
  assert(not f, source .. " was accepted")
  assert(err == "case:1: " .. message, source .. ": " .. err)
end
refused("1x", "malformed number near '1x'")
refused("0x", "malformed number near '0x'")
refused("0xg", "malformed number near '0xg'")
refused("1e", "malformed number near '1e'")
refused("1e+", "malformed number near '1e+'")
refused("1..2", "malformed number near '1..2'")
refused("1.2.3", "malformed number near '1.2.3'")
refused("08a", "malformed number near '08a'")
refused("0x1p", "malformed number near '0x1p'")
refused("0b2", "malformed number near '0b2'")
refused("1_000", "malformed number near '1_000'")

-- Binary literals.
assert(load("return 0b101")() == 5 and load("return 0B11")() == 3)
assert(tonumber("0b101") == 5 or tonumber("0b101") == nil)
