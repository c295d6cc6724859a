--- Pattern items: every class against every byte, sets, ranges, complements, escapes, `%b`, `%f`, quantifiers.

-- The classes in the C locale.
local members = {
  a = function(b) return b >= 65 and b <= 90 or b >= 97 and b <= 122 end,
  c = function(b) return b < 32 or b == 127 end,
  d = function(b) return b >= 48 and b <= 57 end,
  g = function(b) return b > 32 and b < 127 end,
  l = function(b) return b >= 97 and b <= 122 end,
  p = function(b) return b > 32 and b < 127 and not (b >= 48 and b <= 57 or b >= 65 and b <= 90 or b >= 97 and b <= 122) end,
  s = function(b) return b == 32 or b >= 9 and b <= 13 end,
  u = function(b) return b >= 65 and b <= 90 end,
  w = function(b) return b >= 48 and b <= 57 or b >= 65 and b <= 90 or b >= 97 and b <= 122 end,
  x = function(b) return b >= 48 and b <= 57 or b >= 65 and b <= 70 or b >= 97 and b <= 102 end,
  z = function(b) return b == 0 end,
}
for class, member in pairs(members) do
  for b = 0, 255 do
    local c = string.char(b)
    assert((c:find("%" .. class) ~= nil) == member(b), class .. b)
    assert((c:find("%" .. class:upper()) == nil) == member(b), class:upper() .. b)
    assert((c:find("[%" .. class .. "]") ~= nil) == member(b), class .. b)
    assert((c:find("[^%" .. class .. "]") == nil) == member(b), class .. b)
  end
end

-- Sets.
assert(("b"):find("[abc]") and not ("d"):find("[abc]") and ("m"):find("[a-z]") and not ("M"):find("[a-z]"))
assert(("5"):find("[^a-z]") and not ("m"):find("[^a-z]") and ("_"):find("[%w_]") and (" "):find("[%s,]"))
assert(("]"):find("[]]") and ("]"):find("[]abc]") and not ("]"):find("[^]]") and ("a"):find("[^]]"))
assert(("-"):find("[a-]") and ("-"):find("[-a]") and ("-"):find("[a%-z]") and not ("m"):find("[a%-z]"))
assert(("^"):find("[a^]") and ("^"):find("[%^]") and ("%"):find("[%%]") and ("."):find("[.]") and not ("x"):find("[.]"))
assert(("\200"):find("[\128-\255]") and not ("a"):find("[\128-\255]") and ("é"):match("[\194-\244][\128-\191]") == "é")
assert(("a"):find("[%a-z]") and ("-"):find("[%a-z]"), "a class is no end of a range")
assert(("$"):find("[$]") and ("("):find("[(]") and ("*"):find("[*+?]"))
for b = 0, 255 do
  local inside = b >= 98 and b <= 100 or b == 120
  assert((string.char(b):find("[b-dx]") ~= nil) == inside)
end

-- Escapes of punctuation; a dot matches everything.
for _, c in ipairs({ "^", "$", "(", ")", "%", ".", "[", "]", "*", "+", "-", "?" }) do
  assert(("a" .. c .. "b"):find("a%" .. c .. "b") == 1)
end
for b = 0, 255 do
  assert(string.char(b):find("^.$") == 1)
end

-- Quantifiers.
assert(("aaa"):match("a*") == "aaa" and ("baa"):match("a*") == "" and ("aaa"):match("a+") == "aaa" and ("b"):match("a+") == nil)
assert(("aaa"):match("a-") == "" and ("aaab"):match("a-b") == "aaab" and ("aaa"):match("^a-$") == "aaa")
assert(("ab"):match("a?b") == "ab" and ("b"):match("a?b") == "b" and ("aab"):match("a?b") == "ab")
assert(("x123y"):match("%d*") == "" and ("x123y"):match("%d+") == "123" and ("x123y"):match("[%d]-y") == "123y")
assert(("<<a>>"):match("<.->") == "<<a>" and ("<<a>>"):match("<.*>") == "<<a>>")
assert(("aXb"):match("%u") == "X" and ("a.b"):match("%.(.+)") == "b" and ("a-b"):match("a-b") == "b" and ("a*b"):match("a%*b") == "a*b")
assert(("*a"):match("*a") == "*a" and ("+"):match("+") == "+" and ("?x"):match("?x") == "?x", "without an item they are themselves")
assert(("a" .. ("b"):rep(200) .. "c"):match("ab*c") and ("ac"):match("ab*c") and ("abc"):match("ab-c"))

-- Balanced pairs.
assert(("f(a(b)c)d"):match("%b()") == "(a(b)c)" and ("((x)"):match("%b()") == "(x)" and ("(x"):match("%b()") == nil)
assert(("[[x]]"):match("%b[]") == "[[x]]" and ("'a'b'"):match("%b''") == "'a'" and ("{a}{b}"):match("%b{}") == "{a}")
assert(("if x then y end"):match("%bxy") == "x then y")

-- Frontiers.
assert(("THE (quick) fox"):find("%f[%a]%a+%f[%A]") == 1 and ("hello world"):match("%f[%w]w%a+") == "world")
assert(("x1y22z"):gsub("%f[%d]%d+", "<%0>") == "x<1>y<22>z" and ("abc"):find("%f[%z]") == 4 and ("abc"):find("%f[a]") == 1)
assert(("aXXb"):match("%f[X]X+%f[^X]") == "XX")

-- Embedded zeros.
assert(("a\0b"):match("a%zb") == "a\0b" and ("a\0b"):match("a.b") == "a\0b" and ("a\0b"):match("[%z]") == "\0")
assert(("a\0b"):match("%Z+") == "a" and ("\0\0"):match("%z+") == "\0\0" and ("a\0b"):match("a[^x]b") == "a\0b")
