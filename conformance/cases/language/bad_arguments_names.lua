--- How a message names the function and counts the arguments: it depends on how the function was called.

local function check(source, expected)
  local ok, message = pcall(assert(load(source, "=case")))
  assert(not ok, source .. " gave no error")
  if message ~= expected then
    error(source .. "\n  gave     " .. tostring(message) .. "\n  expected " .. expected, 0)
  end
end

-- By field, global, local, upvalue and in parentheses.
check("string.rep()", "case:1: bad argument #1 to 'rep' (string expected, got no value)")
check("select()", "case:1: bad argument #1 to 'select' (number expected, got no value)")
check("local s = string s.rep()", "case:1: bad argument #1 to 'rep' (string expected, got no value)")
check("local r = string.rep r()", "case:1: bad argument #1 to 'r' (string expected, got no value)")
check("local o = { m = string.rep } o.m()", "case:1: bad argument #1 to 'm' (string expected, got no value)")
check("local r = string.rep local function f() r() end f()", "case:1: bad argument #1 to 'r' (string expected, got no value)")
check("(string.rep)()", "case:1: bad argument #1 to 'rep' (string expected, got no value)")
check("local t = { string.rep } t[1]()", "case:1: bad argument #1 to '?' (string expected, got no value)")
check("local t, k = { x = string.rep }, 'x' t[k]()", "case:1: bad argument #1 to '?' (string expected, got no value)")

-- As a method: self does not count, and has a message of its own.
check("('x'):rep({})", "case:1: bad argument #1 to 'rep' (number expected, got table)")
check("('x'):rep()", "case:1: bad argument #1 to 'rep' (number expected, got no value)")
check("local s = 'x' s:rep(1, {})", "case:1: bad argument #2 to 'rep' (string expected, got table)")
check("local o = { m = string.rep } o:m()", "case:1: calling 'm' on bad self (string expected, got table)")
check("local o = { m = string.rep } o:m({})", "case:1: calling 'm' on bad self (string expected, got table)")

-- Where there is no Lua call: pcall, coroutines, tail calls, metamethods, iterators.
local function called(f, ...)
  local _, message = pcall(f, ...)
  return message
end
assert(called(string.rep) == "bad argument #1 to '?' (string expected, got no value)")
assert(called(setmetatable, 1) == "bad argument #1 to '?' (table expected, got number)")
assert(called(string.rep, "x", {}) == "bad argument #2 to '?' (number expected, got table)")
assert(called(string.gsub, "x", "x", string.rep) == "bad argument #2 to '?' (number expected, got no value)")
local _, message = coroutine.resume(coroutine.create(string.rep))
assert(message == "bad argument #1 to '?' (string expected, got no value)", message)
assert(called(load("return string.rep()")) == "bad argument #1 to '?' (string expected, got no value)")
check("for _ in string.rep do end", "case:1: bad argument #1 to '(for generator)' (string expected, got nil)")
check("local _ = setmetatable({}, { __index = string.rep }).x", "case:1: bad argument #1 to '__index' (string expected, got table)")
check("setmetatable({}, { __newindex = string.rep }).x = 1", "case:1: bad argument #1 to '__newindex' (string expected, got table)")
check("local _ = setmetatable({}, { __add = string.rep }) + 1", "case:1: bad argument #1 to '__add' (string expected, got table)")
check("local _ = setmetatable({}, { __concat = string.rep }) .. 1", "case:1: bad argument #1 to '__concat' (string expected, got table)")
check("local _ = -setmetatable({}, { __unm = string.rep })", "case:1: bad argument #1 to '__unm' (string expected, got table)")
check("local m = { __lt = string.rep } local _ = setmetatable({}, m) < setmetatable({}, m)", "case:1: bad argument #1 to '__lt' (string expected, got table)")
check("local m = { __eq = string.rep } local _ = setmetatable({}, m) == setmetatable({}, m)", "case:1: bad argument #1 to '__eq' (string expected, got table)")
check("setmetatable({}, { __call = string.rep })()", "case:1: bad argument #1 to '?' (string expected, got table)")
