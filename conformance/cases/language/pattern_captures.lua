--- Captures: nesting, positions, back references, order, limits.

local function pack(...)
  return { n = select("#", ...), ... }
end
local r = pack(("abc"):match("((a)(b(c)))"))
assert(r.n == 4 and r[1] == "abc" and r[2] == "a" and r[3] == "bc" and r[4] == "c")
r = pack(("hello"):match("()ll()"))
assert(r[1] == 3 and r[2] == 5)
r = pack(("abc"):match("(a)(x?)(b)"))
assert(r.n == 3 and r[2] == "")
r = pack(("  key =  value "):match("^%s*(%S+)%s*=%s*(.-)%s*$"))
assert(r[1] == "key" and r[2] == "value")

-- Back references.
assert(("abab"):match("(ab)%1") == "ab" and ("abac"):match("(ab)%1") == nil)
assert(("say 'hi' or \"ho\""):match("(['\"])(.-)%1") == "'" and select(2, ("x=\"it's\""):match("(['\"])(.-)%1")) == "it's")
assert(("aa bb"):match("(%w)%1 (%w)%2") == "a" and ("ab ba"):match("(%w)(%w) %2%1") == "a")
assert(("[[a]=]b]]"):match("%[(=*)%[.-%]%1%]") == "")
assert(("[==[a]=]b]==]"):match("%[(=*)%[(.-)%]%1%]") == "==")
assert(("aaaa"):match("^(a+)%1$") == "aa" and ("aaa"):match("^(a+)%1$") == nil)

-- Backtracking gives captures up again.
r = pack(("aaab"):match("(a*)(a)b"))
assert(r[1] == "aa" and r[2] == "a")
r = pack(("aaab"):match("(a-)(a*)b"))
assert(r[1] == "" and r[2] == "aaa")
r = pack(("foo.bar.baz"):match("^(.*)%.(.*)$"))
assert(r[1] == "foo.bar" and r[2] == "baz")
r = pack(("foo.bar.baz"):match("^(.-)%.(.*)$"))
assert(r[1] == "foo" and r[2] == "bar.baz")

-- A quantifier after a group is a plain character.
assert(("abab"):match("(ab)+") == nil and ("ab+"):match("(ab)+") == "ab" and ("ab*c"):match("(ab)*c") == "ab")

-- Thirty-two captures, and not one more.
local subject = ("x"):rep(40)
assert(select("#", subject:match(("(x)"):rep(32))) == 32 and select("#", subject:find(("()"):rep(32))) == 34)
local ok, err = pcall(string.match, subject, ("(x)"):rep(33))
assert(not ok and err == "too many captures", err)

-- Ten captures in a replacement: only nine can be named.
assert(("abcdefghij"):gsub(("(.)"):rep(9), "%9%8%7%6%5%4%3%2%1") == "ihgfedcbaj")

-- Malformed patterns.
local function refused(pattern, message)
  local good, e = pcall(string.find, "x", pattern)
  assert(not good and e == message, pattern .. ": " .. tostring(e))
end
refused("[", "malformed pattern (missing ']')")
refused("[a", "malformed pattern (missing ']')")
refused("[]", "malformed pattern (missing ']')")
refused("[^]", "malformed pattern (missing ']')")
refused("[a%", "malformed pattern (missing ']')")
refused("%", "malformed pattern (ends with '%')")
refused("x%", "malformed pattern (ends with '%')")
refused("(", "unfinished capture")
refused("(x", "unfinished capture")
refused("(()", "unfinished capture")
refused("%1", "invalid capture index")
refused("(x)%2", "invalid capture index")
refused("%0", "invalid capture index")
refused("(x%1)", "invalid capture index")
refused(".)", "invalid pattern capture")
refused("%b", "unbalanced pattern")
refused("%bx", "unbalanced pattern")
refused("%f", "missing '[' after '%f' in pattern")
refused("%fx", "missing '[' after '%f' in pattern")

-- A pattern without any of ^$*+?.([%- is searched for as it is, so this one is well-formed for `find` only.
assert(("f(x)"):find("x)") == 3 and ("x"):find("x)") == nil and ("a]b"):find("]b") == 2)
ok, err = pcall(string.match, "x", "x)")
assert(not ok and err == "invalid pattern capture", err)

-- Optional items may nest to some depth, then the matcher gives up rather than overflow.
local n = 150
assert(("a"):rep(n):find(("a?"):rep(n)) == 1 and ("a"):rep(n):find(("a*"):rep(n)) == 1)
ok, err = pcall(string.find, ("a"):rep(300), ("a?"):rep(300))
assert(not ok and err == "pattern too complex", err)
assert(("a"):rep(100000):match("^(.-)$") == ("a"):rep(100000) and ("a"):rep(5000):find(("a"):rep(5000)) == 1)
assert((("("):rep(300) .. (")"):rep(300)):match("%b()") == ("("):rep(300) .. (")"):rep(300))
