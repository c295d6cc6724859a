--- 64-bit integers cross by value, in both directions and by every way; other cdata stay where they are.
local sandbox = require("threading.sandbox")

local cases = {
  0LL, 1LL, -1LL, 42ULL, 9223372036854775807LL, -9223372036854775807LL - 1, 0xffffffffffffffffULL, 0x8000000000000000ULL,
  4294967295LL, 4294967296LL, -4294967296LL, 9007199254740993LL, 0xdeadbeefcafebabeULL,
}

local function same(a, b)
  return type(a) == "cdata" and type(b) == "cdata" and tostring(a) == tostring(b)
end

-- Arguments, results, and constants of the function that is sent.
for _, value in ipairs(cases) do
  local thread = sandbox.start(function(x)
    return type(x), tostring(x), x, x + 0, x == 42ULL, 7LL
  end, { value })
  local ok, kind, text, back, sum, is_42, constant = thread:join(5000)
  assert(ok, kind)
  assert(kind == "cdata" and text == tostring(value), text)
  assert(same(back, value) and same(sum, value) and is_42 == (value == 42ULL) and same(constant, 7LL))
end

-- Shared variables and tables, changed by either side.
local counter, list = 9007199254740993LL, { 1ULL, deep = { -5LL } }
local thread = sandbox.start(function()
  assert(type(counter) == "cdata" and counter == 9007199254740993LL)
  assert(tostring(list[1]) == "1ULL" and list.deep[1] == -5LL)
  counter = counter + 1
  list[2] = list[1] - 2
  list.deep[1] = list.deep[1] * 2
end)
local ok, problem = thread:join(5000)
assert(ok, problem)
assert(same(counter, 9007199254740994LL) and same(list[2], -1ULL) and same(list.deep[1], -10LL))

-- Host calls copy them: as arguments, in tables, as results.
vim.integers_of_the_host = function(x, t)
  return x + 1, { t.n, inner = { x } }, type(x) .. " " .. tostring(t.n)
end
thread = sandbox.start(function()
  local sum, copy, seen = vim.integers_of_the_host(1LL, { n = -1ULL })
  return sum, copy[1], copy.inner[1], seen
end)
local sum, first, inner, seen
ok, sum, first, inner, seen = thread:join(5000)
assert(ok, sum)
assert(same(sum, 2LL) and same(first, -1ULL) and same(inner, 1LL) and seen == "cdata 18446744073709551615ULL")

-- As keys of shared tables they are objects: what one side stored, it finds again.
local key = 5LL
local keyed = { [key] = "host" }
thread = sandbox.start(function()
  local own = 6LL
  for k, v in pairs(keyed) do
    assert(v == "host" and type(k) ~= "number")
    keyed[k] = "changed"
  end
  keyed[own] = "sandbox"
  return own == 6LL and keyed[own] == "sandbox"
end)
local found
ok, found = thread:join(5000)
assert(ok and found, found)
assert(keyed[key] == "changed")
local others = 0
for k, v in pairs(keyed) do
  if v == "sandbox" then
    others = others + 1
    assert(not rawequal(k, key))
  end
end
assert(others == 1)

-- Errors carry them.
thread = sandbox.start(function()
  error(77LL)
end)
ok, problem = thread:join(5000)
assert(not ok and same(problem, 77LL), tostring(problem))

-- Other cdata stay on the host.
local has_ffi, ffi = pcall(require, "ffi")
if has_ffi then
  local point = ffi.new("struct { int x, y; }", 3, 4)
  local long = ffi.new("long", 8)
  thread = sandbox.start(function(p, l)
    return type(p), p, type(l), l
  end, { point, long })
  local kind, back, long_kind, long_back
  ok, kind, back, long_kind, long_back = thread:join(5000)
  assert(ok, kind)
  assert(kind ~= "cdata" and rawequal(back, point))
  assert(long_kind == "cdata" and same(long_back, 8LL))
end
