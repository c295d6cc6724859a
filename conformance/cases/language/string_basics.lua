--- `string.len`, `sub`, `rep`, `reverse`, `lower`, `upper`, `byte`, `char`, and indexing of strings.

assert(string.len("") == 0 and string.len("abc") == 3 and string.len("a\0b") == 3 and ("x"):len() == 1)

-- sub: positions from both ends, clamped.
local s = "abcdef"
assert(s:sub(1) == "abcdef" and s:sub(2, 4) == "bcd" and s:sub(-3) == "def" and s:sub(-3, -2) == "de")
assert(s:sub(3, 2) == "" and s:sub(10) == "" and s:sub(0) == s and s:sub(-100, 100) == s and s:sub(0, 0) == "")
assert(s:sub(2, -2) == "bcde" and s:sub(-1, -1) == "f" and s:sub(6, 6) == "f" and s:sub(7) == "" and s:sub(4, -4) == "")
assert(s:sub(1.9, 2.9) == "ab" and s:sub("2", "3") == "bc" and s:sub(2, nil) == "bcdef")
assert(("a\0b"):sub(2) == "\0b" and (""):sub(1, 1) == "" and (""):sub(-1) == "")
assert(s:sub(-2 ^ 31, 2 ^ 31 - 1) == s)
local function every_pair()
  for i = -8, 8 do
    for j = -8, 8 do
      local from = i < 0 and math.max(#s + i + 1, 1) or math.max(i, 1)
      local to = j < 0 and #s + j + 1 or math.min(j, #s)
      local expected = {}
      for k = from, to do
        expected[#expected + 1] = ("abcdef"):match(("."):rep(k - 1) .. "(.)")
      end
      assert(s:sub(i, j) == table.concat(expected), i .. "," .. j)
    end
  end
end
-- Not compiled: LuaJIT 2.1.1741730670, which Neovim 0.11 has, miscompiles the comparison in one run of five.
jit.off(every_pair)
every_pair()

-- rep, with and without a separator.
assert(("ab"):rep(3) == "ababab" and ("x"):rep(0) == "" and ("x"):rep(-5) == "" and (""):rep(10) == "")
assert(("ab"):rep(3, ",") == "ab,ab,ab" and ("x"):rep(1, "-") == "x" and ("x"):rep(0, "-") == "" and (""):rep(5, "-") == "----")
assert(("x"):rep(2.9) == "xx" and ("x"):rep("3") == "xxx" and ("a"):rep(2, 1) == "a1a" and #("abc"):rep(1000, "--") == 4998)
assert(#("x"):rep(1e6) == 1e6)

assert(("abc"):reverse() == "cba" and (""):reverse() == "" and ("a\0b"):reverse() == "b\0a" and ("x"):reverse() == "x")

-- Case: ASCII letters only.
assert(("aBc1\0z"):upper() == "ABC1\0Z" and ("AbC1\0Z"):lower() == "abc1\0z" and ("é\200"):upper() == "é\200")
for i = 0, 255 do
  local c = string.char(i)
  local is_upper, is_lower = i >= 65 and i <= 90, i >= 97 and i <= 122
  assert(c:lower() == string.char(is_upper and i + 32 or i) and c:upper() == string.char(is_lower and i - 32 or i))
end

-- byte.
assert(("A"):byte() == 65 and ("abc"):byte(2) == 98 and ("abc"):byte(-1) == 99)
assert(select("#", ("abc"):byte(1, -1)) == 3 and select(3, ("abc"):byte(1, 3)) == 99)
assert(select("#", (""):byte()) == 0 and select("#", ("abc"):byte(10)) == 0 and select("#", ("abc"):byte(0)) == 0)
assert(select("#", ("abc"):byte(3, 2)) == 0 and select("#", ("abc"):byte(0, 100)) == 3 and select("#", ("abc"):byte(-100, -3)) == 1)
assert(("\0"):byte() == 0 and ("\255"):byte() == 255)
assert(select("#", ("x"):rep(5000):byte(1, -1)) == 5000)

-- char.
assert(string.char() == "" and string.char(72, 105) == "Hi" and string.char(0, 255) == "\0\255" and string.char("65") == "A")
assert(string.char(65.9) == "A")
local all = {}
for i = 0, 255 do
  all[i + 1] = i
end
local bytes = string.char(unpack(all))
assert(#bytes == 256)
for i = 1, 256 do
  assert(bytes:byte(i) == i - 1)
end
local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
refused(function() return (string.char(256)) end, "bad argument #1 to 'char' (invalid value)")
refused(function() return (string.char(1, -1)) end, "bad argument #2 to 'char' (invalid value)")
refused(function() return (string.char(1, "x")) end, "bad argument #2 to 'char' (number expected, got string)")

-- Numbers are taken as their text.
assert(string.len(12.5) == 4 and string.sub(12345, 2, 3) == "23" and string.reverse(120) == "021" and string.byte(5) == 53)

-- Strings are values: equal content is the same key, whichever way it was made.
local t = {}
t["ab" .. "c"] = 1
t[("abc"):sub(1, 3)] = 2
t[table.concat({ "a", "b", "c" })] = 3
assert(t.abc == 3 and next(t, "abc") == nil)
t[("k"):rep(1000)] = "long"
assert(t[("kk"):rep(500)] == "long")

-- Indexing a string looks into `string`; nothing can be stored.
assert(s.sub == string.sub and s.nothing == nil and s[1] == nil)
refused(function() s.x = 1 end, "attempt to index upvalue 's' (a string value)")
assert(string.gfind == nil and string.pack == nil and string.utf8 == nil)
