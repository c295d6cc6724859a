--- `__call`: arguments, results, nesting, tail calls, methods, and use by the library.

local function pack(...)
  return { n = select("#", ...), ... }
end
local callable = setmetatable({}, {
  __call = function(self, ...)
    return self, select("#", ...), ...
  end,
})
local r = pack(callable(1, nil, 3))
assert(r.n == 5 and r[1] == callable and r[2] == 3 and r[3] == 1 and r[4] == nil and r[5] == 3)
r = pack(callable())
assert(r.n == 2 and r[2] == 0)
assert(select(2, callable "s") == 1 and select(2, callable { 1 }) == 1)

-- As a method, a field, an iterator and in pcall.
local object = { call = callable }
r = pack(object:call("x"))
assert(r[1] == callable and r[2] == 2 and r[3] == object and r[4] == "x")
local ok, self, n = pcall(callable, "a", "b")
assert(ok and self == callable and n == 2)
assert(select(3, xpcall(callable, print, 7)) == 1)

-- The value of `__call` may itself be callable only by a function.
local outer = setmetatable({}, { __call = callable })
ok, n = pcall(function()
  return outer(1)
end)
assert(not ok and n:match(":%d+: (.*)") == "attempt to call upvalue 'outer' (a table value)", n)

-- On userdata and, by debug.setmetatable, on other types.
local proxy = newproxy(true)
getmetatable(proxy).__call = function(_, a, b)
  return a + b
end
assert(proxy(2, 3) == 5)
debug.setmetatable(0, {
  __call = function(number, factor)
    return number * factor
  end,
})
local five = 5
assert(five(4) == 20 and (3)(2) == 6)
debug.setmetatable(0, nil)
ok, n = pcall(function()
  return five(4)
end)
assert(not ok and n:match(":%d+: (.*)") == "attempt to call upvalue 'five' (a number value)", n)
debug.setmetatable(nil, {
  __call = function()
    return "nil called"
  end,
})
assert(undefined_function_for_test() == "nil called")
debug.setmetatable(nil, nil)

-- Given to table.sort, gsub and coroutines: these want functions.
assert(not pcall(table.sort, { 2, 1 }, callable))
assert(not pcall(coroutine.create, callable))
assert(not pcall(string.gsub, "x", "x", newproxy()))

-- Many arguments and results.
local list = {}
for i = 1, 200 do
  list[i] = i
end
assert(select("#", callable(unpack(list))) == 202)

-- In a loop, as often as a compiled trace needs.
local counter = setmetatable({ n = 0 }, {
  __call = function(self, by)
    self.n = self.n + by
    return self.n
  end,
})
for _ = 1, 1000 do
  counter(2)
end
assert(counter.n == 2000)

-- Changing `__call` takes effect.
local mt = {
  __call = function()
    return 1
  end,
}
local t = setmetatable({}, mt)
assert(t() == 1)
mt.__call = function()
  return 2
end
assert(t() == 2)
mt.__call = nil
assert(not pcall(t))
