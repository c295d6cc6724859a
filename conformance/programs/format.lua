--- Stresses `string.format`, `byte`, `char`, `tostring` and `tonumber`.

local format, byte, char = string.format, string.byte, string.char
local total = 0

for i = 1, 240000 do
  total = total + #format("%d %5d %-5d|%05d", i, i, i, i)
  total = total + #format("%s=%q", "name" .. i % 10, "va\"lue\n")
  total = total + #format("%x %X %o %c", i, i, i, i % 96 + 32)
end

for i = 1, 160000 do
  local x = i / 7
  total = total + #format("%.3f %g %e %10.2f", x, x, x, -x)
  total = total + #tostring(x) + #tostring(i)
  total = total + tonumber("0x" .. format("%x", i)) + tonumber(format("%d", i))
  total = total + tonumber("zz", 36)
end

for i = 1, 120000 do
  local s = char(i % 256, (i + 1) % 256, 65, 66, 67)
  local a, b, c, d, e = byte(s, 1, 5)
  total = total + a + b + c + d + e + byte(s) + byte(s, -1)
end

-- A Caesar cipher, byte by byte.
local text = ("Hello, World! This is a text. "):rep(30)
for shift = 1, 160 do
  local out = {}
  for i = 1, #text do
    local b = byte(text, i)
    if b >= 97 and b <= 122 then
      b = (b - 97 + shift) % 26 + 97
    elseif b >= 65 and b <= 90 then
      b = (b - 65 + shift) % 26 + 65
    end
    out[i] = char(b)
  end
  total = total + byte(table.concat(out), shift)
end

print("checksum " .. total)
