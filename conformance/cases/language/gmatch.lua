--- `string.gmatch`: every match in turn, captures, empty matches, anchors, independence.

local function all(subject, pattern)
  local out = {}
  for a, b in subject:gmatch(pattern) do
    out[#out + 1] = b == nil and tostring(a) or a .. "/" .. b
  end
  return table.concat(out, " ")
end
assert(all("one two  three", "%a+") == "one two three" and all("abc", ".") == "a b c" and all("abc", "x") == "")
assert(all("a=1, b=2", "(%w+)=(%w+)") == "a/1 b/2" and all("k1;k2;", "([^;]*);") == "k1 k2")

-- Empty matches advance by one.
assert(all("abc", "") == "   " and all("", "") == "" and #{ all("", "") } == 1)
local count = 0
for _ in (""):gmatch("") do
  count = count + 1
end
assert(count == 1)
assert(all("abc", "()") == "1 2 3 4")

-- After a match that is not empty, an empty one at its end counts too.
assert(all("aXbX", "(X*)()") == "/1 X/3 /3 X/5 /5")
assert(all("a,b,,c", "([^,]*)()") == "a/2 /2 b/4 /4 /5 c/7 /7")

-- A caret has no meaning here.
assert(all("aaa", "^a") == "" and all("^a^a", "^a") == "^a ^a")
assert(all("abc", "c$") == "c")

-- Iterators are independent, and can be called by hand.
local f, g = ("abc"):gmatch("."), ("xyz"):gmatch(".")
assert(f() == "a" and g() == "x" and f() == "b" and f() == "c" and f() == nil and g() == "y")
assert(f() == nil)

-- Leaving early, nesting.
local out = {}
for line in ("a b\nc d\n"):gmatch("([^\n]*)\n") do
  for word in line:gmatch("%S+") do
    out[#out + 1] = word
    if word == "c" then
      break
    end
  end
end
assert(table.concat(out) == "abc")

-- More captures than variables and the other way round.
for a, b, c in ("k=v"):gmatch("(%w)=(%w)") do
  assert(a == "k" and b == "v" and c == nil)
end
for a in ("k=v"):gmatch("(%w)=(%w)") do
  assert(a == "k")
end

-- Errors are raised by the first call.
local ok, err = pcall(("x"):gmatch("["))
assert(not ok and err == "malformed pattern (missing ']')", err)
ok, err = pcall(function()
  for _ in ("x"):gmatch("(") do
  end
end)
assert(not ok and err:match("unfinished capture$"), err)

-- Many matches.
local n = 0
for _ in ("ab "):rep(10000):gmatch("%a+") do
  n = n + 1
end
assert(n == 10000)
