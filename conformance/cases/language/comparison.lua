--- Comparison operators on every pair of types, and string order.

assert(1 < 2 and not (2 < 1) and 1 <= 1 and 2 > 1 and 2 >= 2 and 1 ~= 2)
assert(-1 < 0 and 1.5 < 1.6 and 1e300 > 1e299 and -1e300 < -1e299)

-- Strings compare byte by byte, unsigned, with embedded zeros; a prefix is smaller.
assert("a" < "b" and "a" < "aa" and "" < "a" and "Z" < "a" and "10" < "9")
assert(not ("a" < "a") and "a" <= "a" and "b" > "a" and "b" >= "b")
assert("a\0b" < "a\0c" and "a" < "a\0" and "a\0" < "a\0\0" and "\0" < "\1")
assert("\127" < "\128" and "a" < "\200" and "\254" < "\255")
assert("abcdefgh" < "abcdefgi" and "abcdefghi" > "abcdefgh" and "abcd" < "abce")
local words = { "pear", "apple", "", "Apple", "applesauce", "zebra", "\255", "a\0" }
table.sort(words)
assert(table.concat(words, ",") == ",Apple,a\0,apple,applesauce,pear,zebra,\255")

-- Equality is by value for strings and numbers, by identity for everything else.
assert("ab" == "a" .. "b" and 2 == 1 + 1 and nil == nil and true == true and true ~= false)
assert({} ~= {} and function() end ~= 1 and nil ~= false and 0 ~= false and "" ~= nil)
local t = {}
local same = t
assert(t == same and t ~= {} and print == print)
assert(1 == 1.0 and 0 == -0 and 255 == 0xff)

-- Constants on the right and on the left, with a jump and as a value.
local function all(v)
  return v == nil, v == true, v == false, v == 1, v == "s", 1 == v, "s" == v, nil == v
end
local function check(v, expected)
  local out = {}
  for i, r in ipairs({ all(v) }) do
    out[i] = r and "1" or "0"
  end
  assert(table.concat(out) == expected, table.concat(out))
end
check(nil, "10000001")
check(true, "01000000")
check(false, "00100000")
check(1, "00010100")
check("s", "00001010")
check({}, "00000000")
local function inequal(v)
  if v ~= nil and v ~= true and v ~= 1 and v ~= "s" then
    return true
  end
  return false
end
assert(inequal(false) and inequal(2) and inequal("t") and not inequal(nil) and not inequal(1) and not inequal("s"))

local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:find(message .. "$"), err)
end
refused(function() return {} < {} end, "attempt to compare two table values")
refused(function() return {} < 1 end, "attempt to compare table with number")
refused(function() return 1 < {} end, "attempt to compare number with table")
refused(function() return nil < 1 end, "attempt to compare nil with number")
refused(function() return nil > 1 end, "attempt to compare number with nil")
refused(function() return nil < nil end, "attempt to compare two nil values")
refused(function() return true < false end, "attempt to compare two boolean values")
refused(function() return print < print end, "attempt to compare two function values")
refused(function() return "a" < 1 end, "attempt to compare string with number")
refused(function() return "a" <= {} end, "attempt to compare string with table")
refused(function() return {} >= "a" end, "attempt to compare string with table")
refused(function() return coroutine.create(print) < 1 end, "attempt to compare thread with number")
refused(function() return newproxy() < newproxy() end, "attempt to compare two userdata values")

-- The operands of > and >= are evaluated in the order they are written.
local order = {}
local function note(v)
  order[#order + 1] = v
  return v
end
assert(note(2) > note(1) and note(3) >= note(0))
assert(table.concat(order) == "2130")
