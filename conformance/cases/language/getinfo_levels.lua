-- Levels for `debug.getinfo` that are no 32-bit integers: the low half of a 64-bit one counts.

local function what(level)
  local info = debug.getinfo(level, "f")
  return info and info.func
end
for _, level in ipairs({ 0 / 0, -(0 / 0), 1 / 0, -1 / 0, 1e300, -1e300, 2 ^ 53, 2 ^ 63, -2 ^ 63, 2 ^ 32, 0.9, -0.9, "0" }) do
  assert(what(level) == debug.getinfo)
end
for _, level in ipairs({ 1, 1.9, 2 ^ 32 + 1, -2 ^ 32 + 1, "1" }) do
  assert(what(level) == what)
end
for _, level in ipairs({ -1, -1.5, 2 ^ 31, -2 ^ 31, 2 ^ 32 - 1, 1000 }) do
  assert(what(level) == nil)
end
