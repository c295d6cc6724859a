--- `string.gsub`: replacement strings, tables, functions, limits, empty matches, anchors, errors.

local function check(expected, count, ...)
  local result, n = string.gsub(...)
  assert(result == expected and n == count, result .. " " .. n)
end

-- Strings.
check("hell0 w0rld", 2, "hello world", "o", "0")
check("hell0 world", 1, "hello world", "o", "0", 1)
check("hello world", 0, "hello world", "o", "0", 0)
check("hello world", 0, "hello world", "o", "0", -1)
check("hello world", 0, "hello world", "x", "y")
check("<a><b>", 2, "ab", ".", "<%0>")
check("ba", 1, "ab", "(.)(.)", "%2%1")
check("a%b", 1, "a b", " ", "%%")
check("aab", 1, "ab", "a", "%0%1", 1)
check("a5c", 1, "abc", "b", 5)
check("1,2", 1, "1.2", "%.", ",")
check("xyz", 3, "abc", ".", { a = "x", b = "y", c = "z" })
check("a\0c", 1, "abc", "b", "\0")
check("(b)", 1, "b", "%w", "(%0)")
check("%x", 1, "ax", "a", "%%")

-- Empty matches.
check("-a-b-c-", 4, "abc", "", "-")
check("-", 1, "", "", "-")
check("1a2b3c4", 4, "abc", "()", "%1")
check("--b-", 3, "aab", "a*", "-")
check("-a-b-c-", 4, "abc", "x*", "-")
check("xhxexxox", 5, "hello", "l*", "x")
check("<a><>,<b><>,<>,<c><>", 7, "a,b,,c", "[^,]*", "<%0>")

-- Anchors.
check("xaa", 1, "aaa", "^a", "x")
check("aax", 1, "aaa", "a$", "x")
check("x", 1, "aaa", "^a*$", "x")
check("trim", 1, "trim  ", "%s+$", "")

-- Tables: false and nil keep the match; the first capture is the key.
check("1bc", 3, "abc", ".", { a = "1", b = false })
check("1.5bc", 1, "abc", "a", { a = 1.5 })
check("value and ?", 2, "$name and ?$", "%$(%w*)", setmetatable({ name = "value" }, {
  __index = function(_, k)
    return k == "" and "" or nil
  end,
}))
check("2 3", 2, "() ()", "()%(%)", { [1] = 2, [4] = 3 })

-- Functions: called with the captures, or the whole match.
check("bac", 1, "abc", "(.)(.)", function(a, b)
  return b .. a
end)
check("abc", 3, "abc", "%w", function() end)
check("abc", 3, "abc", "%w", function()
  return false
end)
check("1bc", 1, "abc", "a", function()
  return 1, "surplus"
end)
check("[a][b]", 2, "ab", ".", function(...)
  assert(select("#", ...) == 1)
  return "[" .. ... .. "]"
end)
local positions = {}
check("abc", 4, "abc", "()", function(p)
  positions[#positions + 1] = p
end)
assert(table.concat(positions) == "1234")
check("ABC", 3, "abc", "%l", string.upper)
check("3 1 2", 3, "1 2 3", "%d", function(d)
  return (d + 1) % 3 + 1
end)

-- Nested use.
check("<x><y>", 2, "x y", "%S+%s?", function(word)
  return (word:gsub("%s", ""):gsub("^(.*)$", "<%1>"))
end)

-- Growth of the result.
local grown = ("ab"):rep(5000):gsub("a", ("x"):rep(20))
assert(#grown == 5000 * 21)
check(("y"):rep(10000), 10000, ("x"):rep(10000), "x", "y")

-- In the replacement text, % before a digit names a capture, before anything else it is dropped.
check("abc", 1, "abc", "b", "%1")
check("a%c", 1, "abc", "b", "%%")
check("azc", 1, "abc", "b", "%z")
check("a\0c", 1, "abc", "b", "%")

-- Errors.
local function refused(message, ...)
  local ok, err = pcall(string.gsub, ...)
  assert(not ok and err == message, err)
end
refused("invalid capture index", "abc", "b", "%2")
refused("invalid capture index", "abc", "(b)", "%2")
refused("invalid replacement value (a boolean)", "abc", "b", { b = true })
refused("invalid replacement value (a table)", "abc", "b", function()
  return {}
end)
refused("invalid replacement value (a function)", "abc", "b", { b = print })
refused("bad argument #3 to '?' (string/function/table expected)", "abc", "b", nil)
refused("bad argument #3 to '?' (string/function/table expected)", "abc", "b", true)
refused("malformed pattern (missing ']')", "abc", "[", "")
local ok, err = pcall(string.gsub, "abc", "b", function()
  error("from inside", 0)
end)
assert(not ok and err == "from inside")

-- The count is C's: a `long`, of which the low half is taken.
for count, expected in pairs({ [2 ^ 32 + 5] = 5, [1e10] = 6, [2 ^ 40 + 3.7] = 3, [2 ^ 31] = 0, [-1] = 0, [1e300] = 0, [2.9] = 2 }) do
  assert(select(2, ("aaaaaa"):gsub("a", "b", count)) == expected, count)
end
