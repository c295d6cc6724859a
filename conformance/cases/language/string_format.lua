--- `string.format`: every conversion, flags, widths, precisions, conversions of arguments, errors.

local function check(expected, ...)
  local result = string.format(...)
  assert(result == expected, (...) .. " gave " .. result)
end

check("", "")
check("plain %", "plain %%")

-- Integers.
check("3", "%d", 3)
check("3", "%d", 3.7)
check("-3", "%d", -3.7)
check("3", "%i", 3)
check("0", "%d", -0)
check("16", "%d", "0x10")
check("1", "%d", "1.5")
check("9007199254740992", "%d", 2 ^ 53)
check("4294967296", "%d", 2 ^ 32)
check("-2147483649", "%d", -2 ^ 31 - 1)
check("    1|2    |00003|+4| 5", "%5d|%-5d|%05d|%+d|% d", 1, 2, 3, 4, 5)
check("-0001|   -1|-1   |", "%05d|%5d|%-5d|", -1, -1, -1)
check("005|     005|00000005", "%.3d|%8.3d|%.8d", 5, 5, 5)
check("+3   ", "%-+ #05d", 3)
check("0|", "%d|%.0d", 0, 0)
check("18446744073709551615", "%u", -1)
check("ffffffffffffffff", "%x", -1)
check("ff FF 0xff 0XFF", "%x %X %#x %#X", 255, 255, 255, 255)
check("10 010 0", "%o %#o %#o", 8, 8, 0)
check("10000000000", "%x", 2 ^ 40)
check("3", "%x", 3.9)
check("0000ff", "%06x", 255)

-- Characters.
check("A", "%c", 65)
check("A\0B", "%c%c%c", 65, 0, 66)
check("    A|A    |", "%5c|%-5c|", 65, 65)

-- Floating point.
check("1.500000", "%f", 1.5)
check("0.667", "%.3f", 2 / 3)
check("     -1.50|-1.50     |-000001.50", "%10.2f|%-10.2f|%010.2f", -1.5, -1.5, -1.5)
check("+2.0| 2.0", "%+.1f|% .1f", 2, 2)
check("1.|1", "%#.0f|%.0f", 1, 1)
check("1.234568e+04 1.000000E-10", "%e %E", 12345.678, 1e-10)
check("1e+20 100000 1e+06 1E-10 0.0001 1e-05", "%g %g %g %G %g %g", 1e20, 1e5, 1e6, 1e-10, 1e-4, 1e-5)
check("0.000123|0.00012345|1.00", "%.3g|%.10g|%#.3g", 0.00012345, 0.00012345, 1)
check("inf -inf   nan|nan", "%f %f %5.1f|%g", 1 / 0, -1 / 0, 0 / 0, -(0 / 0))
check("inf|-INF|  inf|+inf", "%g|%G|%5g|%+g", 1 / 0, -1 / 0, 1 / 0, 1 / 0)
check("-0 -0.0", "%g %.1f", -0.0, -0.0)
check("0.1 0.10000000000000001 0.10000000000000000555", "%.14g %.17g %.20f", 0.1, 0.1, 0.1)
check("0." .. ("3"):rep(16) .. "1483", "%.20f", 1 / 3)
check("100000000000000000000", "%.0f", 1e20)
check("179769313486231570814527423731704356798070567525844996598917476803157260780028538760589558632766878171540458953514382464234321326889464182768467546703537516986049910576551282076245490090389328944075868508455133942304583236903222948165808559332123348274797826204144723168738177180919299881250404026184124858368", "%.0f", 1.7976931348623157e308)
check("4.9406564584124654e-324", "%.17g", 5e-324)
check("1.000000e+00", "%e", 1)
check("9.9999999999999992e+22", "%.16e", 1e23)
check("12345678", "%.8g", 12345678)
check("1.2345679e+08", "%.8g", 123456789)
check("1.50", "%.2f", "1.5")

-- A tie is rounded away from zero, where C's printf rounds to even; anything else is rounded to nearest.
check("1 2 3 4", "%.0f %.0f %.0f %.0f", 0.5, 1.5, 2.5, 3.5)
check("0.3 0.4 0.063 2.6 2.67", "%.1f %.1f %.3f %.1f %.2f", 0.25, 0.35 + 0.05, 0.0625, 2.65, 2.675)
check("2e+01 3e+01", "%.0e %.0e", 15, 25)
check("-1 -3", "%.0f %.0f", -0.5, -2.5)

-- Hexadecimal floating point.
check("0x1p+0 0X1P-1 0x1.55p-2 0x0p+0 inf", "%a %A %.2a %a %a", 1, 0.5, 1 / 3, 0, 1 / 0)

-- Strings: any value through tostring.
check("nil true 1.5 x", "%s %s %s %s", nil, true, 1.5, "x")
check("ab|  abc|abc  |    a|", "%.2s|%5s|%-5s|%5.1s|", "abc", "abc", "abc", "abc")
check("a\0b", "%s", "a\0b")
check(("x"):rep(1000), "%s", ("x"):rep(1000))
check("   12|12", "%5s|%s", 12, 12)
check("T|  T|T", "%s|%3s|%.1s", setmetatable({}, {
  __tostring = function()
    return "T"
  end,
}), setmetatable({}, {
  __tostring = function()
    return "T"
  end,
}), setmetatable({}, {
  __tostring = function()
    return "T2"
  end,
}))
assert(("%s"):format({}):match("^table: ") and ("%s"):format(print):match("^function: "))

-- Quoting: newline, zero, quote and backslash.
check([["a\
b"]], "%q", "a\nb")
check([["\"\\\0\13"]], "%q", "\"\\\0\r")
check([["a\0001"]], "%q", "a\0001")
check('"\200\255"', "%q", "\200\255")
check('"1" "1.5" "nil" "true"', "%q %q %q %q", 1, 1.5, nil, true)
for b = 0, 255 do
  local s = "x" .. string.char(b) .. "1"
  assert(load("return " .. ("%q"):format(s))() == s, b)
end

-- Pointers have some form, values without an address have none.
check("NULL NULL NULL", "%p %p %p", nil, 1, true)
local t = {}
assert(("%p"):format(t) == ("%p"):format(t) and ("%p"):format(t) ~= ("%p"):format({}))

-- Surplus arguments are ignored.
check("1", "%d", 1, 2, 3)

-- Errors.
local function refused(message, ...)
  local ok, err = pcall(string.format, ...)
  assert(not ok and err == message, err)
end
refused("bad argument #2 to '?' (value expected)", "%d")
refused("bad argument #3 to '?' (value expected)", "%d %s", 1)
refused("bad argument #2 to '?' (number expected, got string)", "%d", "x")
refused("bad argument #2 to '?' (number expected, got nil)", "%d", nil)
refused("bad argument #2 to '?' (number expected, got table)", "%5.2f", {})
refused("bad argument #2 to '?' (number expected, got boolean)", "%c", true)
refused("invalid option '%y' to 'format'", "%y", 1)
refused("invalid option '%l' to 'format'", "%ld", 1)
refused("invalid option '%' to 'format'", "%")
refused("invalid option '%10' to 'format'", "%10")
refused("invalid option '%123' to 'format'", "%123d", 1)
refused("invalid option '%.123' to 'format'", "%.123d", 1)
refused("invalid option '%5%' to 'format'", "%5%")
refused("invalid option '%n' to 'format'", "%n", 1)
check((" "):rep(98) .. "1", "%99d", 1)
