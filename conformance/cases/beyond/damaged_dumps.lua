--- A dump that is cut short or changed is refused or gives a function that can be called; it never brings the process down.
-- diverges: LuaJIT does not check dumps and may crash.

local dump = string.dump(function(a, ...)
  local t = { a, ..., x = { 1, "two", 3.5 } }
  for i, v in ipairs(t) do
    if type(v) == "string" and #v > 2 or i % 2 == 0 then
      t[i] = (function()
        return v, i, a
      end)()
    end
  end
  return t, #t, -#t + 2 ^ 0.5 .. "text"
end)

-- Every prefix.
for n = 0, #dump - 1 do
  local ok, f, err = pcall(load, dump:sub(1, n), "=cut", "b")
  assert(ok and f == nil and type(err) == "string", n)
end

-- Every byte changed in some ways; what is accepted may be called, within bounds.
local seed = 1
local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n
end
local refused, accepted = 0, 0
for at = 1, #dump do
  for _, byte in ipairs({ 0, 255, 128, random(256), (dump:byte(at) + 1) % 256 }) do
    local changed = dump:sub(1, at - 1) .. string.char(byte) .. dump:sub(at + 1)
    local ok, f, err = pcall(load, changed, "=changed", "b")
    assert(ok)
    if f then
      accepted = accepted + 1
    else
      assert(type(err) == "string")
      refused = refused + 1
    end
  end
end
assert(refused > 100 and refused + accepted == #dump * 5)

-- Rubbish.
for length = 0, 200 do
  local bytes = {}
  for i = 1, length do
    bytes[i] = string.char(random(256))
  end
  assert(load("\27LJ\2" .. table.concat(bytes), "=rubbish", "b") == nil)
end

-- The undamaged one still works.
local t, n = load(dump)("a", "bcd")
assert(t[1] == "a" and n == 2)
