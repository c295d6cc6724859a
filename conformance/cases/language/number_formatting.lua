--- Numbers as text: `tostring`, `..` and `print` use `%.14g`.

local function shows(number, text)
  assert(tostring(number) == text, tostring(number))
  assert(number .. "" == text and "" .. number == text)
  assert(("%s"):format(number) == text)
  assert(table.concat({ number }) == text)
end

shows(0, "0")
shows(1, "1")
shows(-1, "-1")
shows(1.5, "1.5")
shows(0.1, "0.1")
shows(1 / 3, "0.33333333333333")
shows(2 / 3, "0.66666666666667")
shows(100, "100")
shows(1e14, "1e+14")
shows(99999999999999, "99999999999999")
shows(123456789012345, "1.2345678901235e+14")
shows(1e15, "1e+15")
shows(2 ^ 31, "2147483648")
shows(-2 ^ 31, "-2147483648")
shows(2 ^ 32, "4294967296")
shows(2 ^ 53, "9.007199254741e+15")
shows(1e100, "1e+100")
shows(1e-5, "1e-05")
shows(0.0001, "0.0001")
shows(1.5e300, "1.5e+300")
shows(1e-300, "1e-300")
shows(5e-324, "4.9406564584125e-324")
shows(1.7976931348623157e308, "1.7976931348623e+308")
shows(3.14159265358979, "3.1415926535898")
shows(0.1 + 0.2, "0.3")
shows(1e21, "1e+21")
shows(12345.678, "12345.678")
shows(-0.5, "-0.5")
shows(1 - 0.9, "0.1")
shows(123456.789e3, "123456789")

-- An exact tie is rounded away from zero, unlike C's printf, which rounds it to even.
shows(123456789012335, "1.2345678901234e+14")
shows(100000000000000.5, "1e+14")
shows(1000000000000.25, "1000000000000.3")
shows(-1000000000000.25, "-1000000000000.3")

shows(1 / 0, "inf")
shows(-1 / 0, "-inf")

-- Every integer up to 14 digits is printed in full.
local n = 1
for digits = 1, 14 do
  assert(#tostring(n) == digits)
  n = n * 10
end

-- As a table key the text and the number differ.
local t = { [1] = "number", ["1"] = "string" }
assert(t[1] == "number" and t["1"] == "string" and t[1 .. ""] == "string")
