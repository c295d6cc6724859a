--- The signs of numbers that are none, which only serialized data shows.

local encode = require("string.buffer").encode

local function sign(number)
  assert(number ~= number)
  return encode(number):byte(9) == 0xff and "-" or "+"
end

assert(sign(tonumber("nan")) == "-" and sign(tonumber("-nan")) == "-")
local zero = 0
assert(sign(zero / zero) == "-" and sign(-(zero / zero)) == "+")
assert(sign(math.huge - math.huge) == "-" and sign(1 % zero) == "-")
assert(sign(math.ldexp(0, math.huge)) == "-" and sign(math.ldexp(1, -(zero / zero))) == "+")
