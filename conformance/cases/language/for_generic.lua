--- The generic `for`: iterator protocol, adjustment to three values, state, early end, callable iterators.

local function each(f, s, v)
  local out = {}
  for a, b in f, s, v do
    out[#out + 1] = tostring(a) .. "=" .. tostring(b)
    if #out > 10 then
      break
    end
  end
  return table.concat(out, " ")
end

-- The first value ends the loop when nil; false does not.
local function upto(limit, i)
  i = (i or 0) + 1
  if i <= limit then
    return i, i * i
  end
end
assert(each(upto, 3) == "1=1 2=4 3=9" and each(upto, 0) == "" and each(upto, 3, 1) == "2=4 3=9")
local pending = { false, "x", nil, "never" }
local at = 0
local got = {}
for v in function()
  at = at + 1
  return pending[at]
end do
  got[#got + 1] = tostring(v)
end
assert(table.concat(got, ",") == "false,x" and at == 3)

-- The explist is adjusted to three values.
local function gives_four()
  return upto, 2, nil, "surplus"
end
local n = 0
for _ in gives_four() do
  n = n + 1
end
assert(n == 2)

-- The iterator is given the state and the last first value.
local calls = {}
for a in function(s, v)
  calls[#calls + 1] = tostring(s) .. "/" .. tostring(v)
  if #calls < 4 then
    return #calls * 10
  end
end, "state", "init" do
  local _ = a
end
assert(table.concat(calls, " ") == "state/init state/10 state/20 state/30")

-- Changing the loop variable does not change the control variable.
local steps = {}
for i in upto, 4 do
  steps[#steps + 1] = i
  i = 100
end
assert(table.concat(steps) == "1234")

-- More variables than values, and fewer.
for a, b, c, d in upto, 1 do
  assert(a == 1 and b == 1 and c == nil and d == nil)
end
for a in upto, 1 do
  assert(a == 1)
end

-- A callable table as iterator.
local counter = setmetatable({ n = 0 }, {
  __call = function(self, state)
    self.n = self.n + 1
    if self.n <= state then
      return self.n
    end
  end,
})
local total = 0
for i in counter, 5 do
  total = total + i
end
assert(total == 15)

-- pairs, ipairs, next and string.gmatch.
local keys = {}
for k in pairs({ 1, 2, x = 3 }) do
  keys[#keys + 1] = tostring(k)
end
table.sort(keys)
assert(table.concat(keys, ",") == "1,2,x")
for i, v in ipairs({ "a", "b", nil, "d" }) do
  assert(i <= 2 and v == (i == 1 and "a" or "b"))
end
for k, v in next, { only = 1 } do
  assert(k == "only" and v == 1)
end
local words = {}
for w in ("a bc def"):gmatch("%a+") do
  words[#words + 1] = #w
end
assert(table.concat(words) == "123")

-- A coroutine as iterator; leaving early and resuming.
local gen = coroutine.wrap(function()
  for i = 1, 5 do
    coroutine.yield(i)
  end
end)
for i in gen do
  if i == 2 then
    break
  end
end
assert(gen() == 3)

-- An error in the iterator names its place, an uncallable one is named.
local ok, err = pcall(function()
  for _ in nil do
  end
end)
assert(not ok and err:match(":%d+: (.*)") == "attempt to call a nil value", err)
ok, err = pcall(function()
  for _ in {} do
  end
end)
assert(not ok and err:match(":%d+: (.*)") == "attempt to call a table value", err)
ok, err = pcall(function()
  local t
  for _ in pairs(t) do
  end
end)
assert(not ok and err:match(":%d+: (.*)") == "bad argument #1 to 'pairs' (table expected, got nil)", err)

-- `break`, `goto` and `return` leave at once.
local function find(list, wanted)
  for i, v in ipairs(list) do
    if v == wanted then
      return i
    end
  end
  return nil
end
assert(find({ 5, 6, 7 }, 6) == 2 and find({}, 1) == nil)

-- pairs with a replaced next: only a call to it is special.
local plain = pairs({})
assert(plain == next)
