-- Formats values that are described by bytes: a kind, and for some kinds what it is made of.
local format, bytes = ...

local values, count, at = {}, 0, 1
local function take(size)
  local piece = bytes:sub(at, at + size - 1)
  at = at + size
  return piece
end
while at <= #bytes and count < 20 do
  local kind = take(1):byte() % 8
  local value
  if kind == 0 then
    value = (take(1):byte() or 0) - 128
  elseif kind == 1 then
    -- Any double: sign, exponent and mantissa.
    local a, b, c, d = (take(4) .. "\0\0\0\0"):byte(1, 4)
    value = (1 + a / 256 + b / 65536) * 2 ^ ((c * 8 + d) % 2047 - 1023) * (d > 127 and -1 or 1)
  elseif kind == 2 then
    value = take((take(1):byte() or 0) % 40)
  elseif kind == 3 then
    value = tostring((take(1):byte()))
  elseif kind == 4 then
    value = true
  elseif kind == 5 then
    value = ({ 0 / 0, 1 / 0, -1 / 0, -0, 2 ^ 53, 2 ^ 63, -2 ^ 63, 2 ^ 31 })[1 + (take(1):byte() or 0) % 8]
  elseif kind == 6 then
    value = setmetatable({}, {
      __tostring = function()
        return take(3)
      end,
    })
  end
  count = count + 1
  values[count] = value
end
local ok, text = pcall(string.format, format, unpack(values, 1, count))
assert(type(text) == "string")
if ok and not format:find("%%") then
  assert(text == format)
end
pcall(function()
  local buffer = require("string.buffer").new()
  buffer:putf(format, unpack(values, 1, count))
  assert(#buffer == #buffer:tostring())
end)
-- Quoted text reads back as itself; a carriage return is the exception that the language makes.
local quoted = loadstring("return " .. string.format("%q", format))
assert(quoted and (quoted() == format or format:find("\r")))
