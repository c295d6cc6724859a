--- Strings are bytes: zeros, high bytes, invalid UTF-8 and every other byte survive.
local scenario = ...

local bytes = {}
for i = 0, 255 do
  bytes[#bytes + 1] = string.char(i)
end
local all = table.concat(bytes)
local back = scenario.run(function(s)
  assert(#s == 256 and s == all and s:byte(1) == 0 and s:byte(256) == 255)
  all = all .. "\0\255"
  return s .. s
end, all)
assert(#back == 512 and #all == 258 and all:sub(-2) == "\0\255")
