--- Stresses integer arithmetic that emulates bits by `%`, division and `floor`: CRC-32 by a table, Adler-32 and a
--- 32-bit multiplicative hash.

local floor = math.floor

-- The exclusive or of two bytes from a table of nibbles.
local nibble = {}
for a = 0, 15 do
  nibble[a] = {}
  for b = 0, 15 do
    local r, bit, x, y = 0, 1, a, b
    while x > 0 or y > 0 do
      if x % 2 ~= y % 2 then
        r = r + bit
      end
      x, y, bit = floor(x / 2), floor(y / 2), bit * 2
    end
    nibble[a][b] = r
  end
end
local function xor8(a, b)
  return nibble[floor(a / 16)][floor(b / 16)] * 16 + nibble[a % 16][b % 16]
end
local function xor32(a, b)
  local r, place = 0, 1
  for _ = 1, 4 do
    r = r + xor8(a % 256, b % 256) * place
    a, b, place = floor(a / 256), floor(b / 256), place * 256
  end
  return r
end

local crc_table = {}
for i = 0, 255 do
  local c = i
  for _ = 1, 8 do
    if c % 2 == 1 then
      c = xor32(floor(c / 2), 3988292384)
    else
      c = floor(c / 2)
    end
  end
  crc_table[i] = c
end

local function crc32(s)
  local c = 4294967295
  for i = 1, #s do
    c = xor32(floor(c / 256), crc_table[xor8(c % 256, s:byte(i))])
  end
  return 4294967295 - c
end

local function adler32(s)
  local a, b = 1, 0
  for i = 1, #s do
    a = (a + s:byte(i)) % 65521
    b = (b + a) % 65521
  end
  return b * 65536 + a
end

local function hash(s)
  local h = 5381
  for i = 1, #s do
    h = (h * 33 + s:byte(i)) % 4294967296
  end
  return h
end

local text = ("The quick brown fox jumps over the lazy dog"):rep(40)
local total = 0
for i = 1, 300 do
  local s = text .. i
  total = (total + crc32(s) + adler32(s) + hash(s)) % 4294967296
end
if crc32("123456789") ~= 3421780262 then
  error("wrong CRC")
end
print("checksum " .. total)
