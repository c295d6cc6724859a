--- `bit`: every function on 32-bit values, signs, wrap-around, many operands, conversion of arguments.

local bit = require("bit")
assert(bit == _G.bit)
local tobit, tohex = bit.tobit, bit.tohex
local band, bor, bxor, bnot = bit.band, bit.bor, bit.bxor, bit.bnot
local lshift, rshift, arshift, rol, ror, bswap = bit.lshift, bit.rshift, bit.arshift, bit.rol, bit.ror, bit.bswap

-- Results are signed.
assert(tobit(0) == 0 and tobit(1) == 1 and tobit(-1) == -1 and tobit(0xffffffff) == -1 and tobit(0x7fffffff) == 2147483647)
assert(tobit(0x80000000) == -2147483648 and tobit(2 ^ 32) == 0 and tobit(2 ^ 32 + 5) == 5 and tobit(-2 ^ 31 - 1) == 2147483647)
assert(tobit(2 ^ 51) == 0 and tobit(-2 ^ 40 + 3) == 3)

-- Fractions are rounded to nearest, ties to even.
assert(tobit(1.4) == 1 and tobit(1.6) == 2 and tobit(0.5) == 0 and tobit(1.5) == 2 and tobit(2.5) == 2 and tobit(-1.6) == -2)

assert(band(0xff, 0x0f) == 15 and bor(1, 2, 4, 8) == 15 and bxor(0xff, 0x0f) == 0xf0 and bnot(0) == -1 and bnot(-1) == 0)
assert(band(0xffffffff, 0x80000000) == -2147483648 and band(7) == 7 and bor(5) == 5 and bxor(6) == 6)
assert(band(15, 7, 3, 1) == 1 and bxor(1, 2, 3) == 0 and bor(0, 0) == 0 and bnot(0x0f0f0f0f) == tobit(0xf0f0f0f0))

assert(lshift(1, 0) == 1 and lshift(1, 31) == -2147483648 and lshift(1, 32) == 1 and lshift(1, 33) == 2 and lshift(0xff, 28) == tobit(0xf0000000))
assert(rshift(-1, 28) == 15 and rshift(256, 8) == 1 and rshift(-1, 0) == -1 and rshift(-1, 32) == -1 and rshift(-1, 31) == 1)
assert(arshift(-256, 4) == -16 and arshift(256, 4) == 16 and arshift(-1, 31) == -1 and arshift(0x80000000, 31) == -1)
assert(lshift(1, -1) == -2147483648 and rshift(8, 35) == 1, "only the low five bits of the count matter")
assert(rol(0x12345678, 12) == 0x45678123 and ror(0x12345678, 12) == 0x67812345 and rol(1, 31) == -2147483648 and ror(1, 1) == -2147483648)
assert(rol(0x12345678, 0) == 0x12345678 and rol(0x12345678, 32) == 0x12345678 and ror(5, 33) == rol(5, 31))
assert(bswap(0x12345678) == 0x78563412 and bswap(0x000000ff) == tobit(0xff000000) and bswap(bswap(12345)) == 12345)

assert(tohex(255) == "000000ff" and tohex(-1) == "ffffffff" and tohex(255, 2) == "ff" and tohex(255, -4) == "00FF" and tohex(0x12345678, 4) == "5678")
assert(tohex(0xabcdef, -8) == "00ABCDEF" and tohex(1, 0) == "" and tohex(2 ^ 32 + 1) == "00000001" and tohex(1, 1) == "1" and tohex(0, 3) == "000")

-- Strings that hold numbers are taken.
assert(band("0xff", "15") == 15 and tobit("3") == 3 and lshift("1", "4") == 16)

-- Identities over many values.
local v = 1
for _ = 1, 500 do
  v = tobit(v * 1103515245 % 2 ^ 32 + 12345)
  assert(band(v, bnot(v)) == 0 and bor(v, bnot(v)) == -1 and bxor(v, v) == 0 and bxor(v, -1) == bnot(v))
  assert(rol(ror(v, 7), 7) == v and bor(lshift(v, 5), rshift(v, 27)) == rol(v, 5))
  assert(band(v, 0xffff) + lshift(rshift(v, 16), 16) == v)
  assert(tonumber(tohex(v), 16) % 2 ^ 32 == v % 2 ^ 32)
end

-- A CRC.
local crc_table = {}
for i = 0, 255 do
  local c = i
  for _ = 1, 8 do
    c = band(c, 1) == 1 and bxor(rshift(c, 1), 0xedb88320) or rshift(c, 1)
  end
  crc_table[i] = c
end
local crc = -1
for c in ("123456789"):gmatch(".") do
  crc = bxor(rshift(crc, 8), crc_table[band(bxor(crc, c:byte()), 255)])
end
assert(tohex(bnot(crc)) == "cbf43926")
