--- `jit` and the extensions `table.new`, `table.clear`: present and callable whatever runs the code.

assert(type(jit.version) == "string" and jit.version:match("^LuaJIT 2%.1") and jit.version_num >= 20100 and type(jit.os) == "string" and type(jit.arch) == "string")
assert(type(jit.status()) == "boolean")
local function f(x)
  return x + 1
end
jit.off(f)
jit.on(f)
jit.off(f, true)
jit.flush(f)
jit.off(true, true)
jit.on(true, true)
assert(f(1) == 2)

local new, clear = require("table.new"), require("table.clear")
local t = new(10, 5)
assert(next(t) == nil and #t == 0)
for i = 1, 20 do
  t[i] = i
end
t.x = 1
assert(#t == 20)
clear(t)
assert(next(t) == nil and #t == 0)
t[1], t.y = "a", "b"
assert(t[1] == "a" and t.y == "b")

-- Hot code of many kinds gives the same results when compiled.
local function hot(n)
  local sum, text, list = 0, "", {}
  for i = 1, n do
    if i % 3 == 0 then
      sum = sum + i
    elseif i % 5 == 0 then
      sum = sum - 1
    else
      list[#list + 1] = i
    end
    if i % 100 == 0 then
      text = text .. i
    end
  end
  return sum, #text, #list
end
local a, b, c = hot(1000)
for _ = 1, 20 do
  local a2, b2, c2 = hot(1000)
  assert(a == a2 and b == b2 and c == c2)
end
assert(a == 166833 - 134 and b == 31 and c == 533, a .. " " .. b .. " " .. c)

assert(require("jit.opt") == jit.opt)

-- Sizes that no table may have; what is negative counts as larger than that for the hash part.
for _, sizes in ipairs({ { 0, -1 }, { 0, -3 }, { -3, -3 }, { 2 ^ 27 + 1, 0 }, { 0, 2 ^ 26 + 1 } }) do
  local ok, message = pcall(require("table.new"), sizes[1], sizes[2])
  assert(not ok and message == "table overflow", message)
end
assert(type(require("table.new")(-3, 0)) == "table")

-- No digits are 0.
jit.opt.start("hotloop=")
assert(not pcall(jit.opt.start, "hotloop=x"))
