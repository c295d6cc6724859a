--- `string.find` and `string.match`: start positions, plain search, anchors, empty matches, captures.

local function pack(...)
  return table.concat({ ... }, ",")
end
assert(pack(("abc"):find("b")) == "2,2" and pack(("abc"):find("bc")) == "2,3" and ("abc"):find("x") == nil)
assert(pack(("abcabc"):find("b", 3)) == "5,5" and ("abc"):find("a", 2) == nil)
assert(pack(("abc"):find("b", -2)) == "2,2" and ("abc"):find("b", -1) == nil and pack(("abc"):find("a", -100)) == "1,1")
assert(("abc"):find("b", 10) == nil)

-- The empty pattern matches where the search starts.
assert(pack(("abc"):find("")) == "1,0" and pack(("abc"):find("", 2)) == "2,1" and pack(("abc"):find("", 4)) == "4,3")
assert(pack((""):find("")) == "1,0" and pack(("abc"):find("", 10)) == "4,3" and pack(("abc"):find("", -10)) == "1,0")

-- Plain.
assert(pack(("a.b"):find(".", 1, true)) == "2,2" and ("abc"):find(".", 1, true) == nil)
assert(pack(("a+b(c)"):find("b(", 1, true)) == "3,4" and pack(("%d"):find("%d", 1, true)) == "1,2")
assert(pack(("a\0b"):find("\0", 1, true)) == "2,2" and pack(("abc"):find("", 1, true)) == "1,0")
assert(pack(("aaab"):find("ab", 1, true)) == "3,4" and ("aaa"):find("aaaa", 1, true) == nil)
assert(pack(("abc"):find("b", 1, false)) == "2,2" and pack(("abc"):find("b", nil, true)) == "2,2")

-- Captures follow the positions.
assert(pack(("key=value"):find("(%w+)=(%w+)")) == "1,9,key,value")
assert(pack(("abc"):find("(b)()")) == "2,2,b,3")
assert(pack(("abc"):find("()")) == "1,0,1")

-- match.
assert(("abc"):match("b") == "b" and ("abc"):match("x") == nil and ("abc"):match("") == "")
assert(pack(("key = v"):match("(%w+)%s*=%s*(%w+)")) == "key,v")
assert(("abc"):match("()", 3) == 3 and ("abc"):match(".", 2) == "b" and ("abc"):match("^b", 2) == "b")
assert(("  x  "):match("^%s*(.-)%s*$") == "x" and ("2024-01-02"):match("%d+%-(%d+)") == "01")
assert(select("#", ("abc"):match("(a)(b)(c)")) == 3 and select("#", ("abc"):match("x")) == 1)

-- Anchors.
assert(("abc"):find("^a") == 1 and ("abc"):find("^b") == nil and ("abc"):find("c$") == 3 and ("abc"):find("b$") == nil)
assert(("abc"):find("^abc$") == 1 and ("abc"):find("^b", 2) == 2 and (""):find("^$") == 1)
assert(("a$b"):match("a$b") == "a$b" and ("^a"):match("%^a") == "^a" and ("^a"):match("^^a") == "^a")
assert(("a^b"):match("a^b") == "a^b" and ("a$"):match("a$$") == "a$")

-- Long subjects.
local long = ("x"):rep(100000) .. "y"
assert(long:find("y") == 100001 and long:find("y", 1, true) == 100001 and long:match("x*") == ("x"):rep(100000))
assert(long:match("^x-y$") == long and long:find("[^x]") == 100001 and #long:match(".*") == 100001)

-- Numbers as subject and pattern.
assert(string.find(12345, 34) == 3 and string.match(3.5, "%d%.%d") == "3.5")
