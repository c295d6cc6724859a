--- `*n`: what is taken for a number, its value, and what is left of the file behind it.

local name = os.tmpname()
local texts = {
  { "12", "12", " tail" },
  { "+5", "5", " tail" },
  { "-7", "-7", " tail" },
  { "0x10", "16", " tail" },
  { "0X1p4", "16", " tail" },
  { "0x1.8p-1", "0.75", " tail" },
  { "1e5", "100000", " tail" },
  { "1e", "1", " tail" },
  { "1e+", "1", " tail" },
  { "1e-x", "1", "x tail" },
  { "1.", "1", " tail" },
  { ".", "nil", " tail" },
  { ".5", "0.5", " tail" },
  { "-.5", "-0.5", " tail" },
  { "0x", "nil", " tail" },
  { "0x.", "0", " tail" },
  { "0x.8", "0.5", " tail" },
  { "0xg", "nil", "g tail" },
  { "inf", "inf", " tail" },
  { "INF", "inf", " tail" },
  { "infinity", "inf", " tail" },
  { "infinix", "nil", " tail" },
  { "infi", "nil", "tail" },
  { "nan", "nan", " tail" },
  { "NaN", "nan", " tail" },
  { "nax", "nil", " tail" },
  { "-inf", "-inf", " tail" },
  { "+-5", "nil", "-5 tail" },
  { "--5", "nil", "-5 tail" },
  { "1.2.3", "1.2", ".3 tail" },
  { "1e5e5", "100000", "e5 tail" },
  { "0b11", "0", "b11 tail" },
  { "12abc", "12", "abc tail" },
  { "", "nil", "tail" },
  { "  \n\9 9", "9", " tail" },
  { "e5", "nil", "e5 tail" },
  { "-", "nil", " tail" },
  { "+", "nil", " tail" },
  { "0e", "0", " tail" },
  { "00012", "12", " tail" },
  { "0x1P", "1", " tail" },
  { "0x1p+", "1", " tail" },
  { "1E+05x", "100000", "x tail" },
  { "1e999", "inf", " tail" },
  { "0x1.", "1", " tail" },
  { "0x.p1", "0", "p1 tail" },
  { "0x1p1p1", "2", "p1 tail" },
  { "1..2", "1", ".2 tail" },
  { "+.e1", "nil", "e1 tail" },
  { "5e+-3", "5", "-3 tail" },
}
for _, case in ipairs(texts) do
  local text, value, rest = case[1], case[2], case[3]
  local file = assert(io.open(name, "wb"))
  file:write(text, " tail")
  file:close()
  file = assert(io.open(name))
  local found = file:read("*n")
  assert(tostring(found) == value, ("%q is read as %s"):format(text, tostring(found)))
  local left = file:read("*a")
  assert(left == rest, ("%q leaves %q"):format(text, left))
  file:close()
end

-- The first that is no number ends the list.
local file = assert(io.open(name, "w"))
file:write("1 2 3 x 5")
file:close()
file = assert(io.open(name))
local a, b, c, d, e = file:read("*n", "*n", "*n", "*n", "*n")
assert(a == 1 and b == 2 and c == 3 and d == nil and e == nil)
assert(file:read("*a") == "x 5")
file:close()

-- What was not opened for reading has no number, and no error either.
file = assert(io.open(name, "w"))
assert(select("#", file:read("*n")) == 1 and file:read("*n") == nil)
file:close()
os.remove(name)
