--- `__index`: tables, functions, chains, loops, on strings and userdata, and what skips it.

local base = { greet = "hello", shared = {} }
local derived = setmetatable({ own = 1 }, { __index = base })
assert(derived.own == 1 and derived.greet == "hello" and derived.missing == nil and derived.shared == base.shared)
derived.greet = "hi"
assert(derived.greet == "hi" and base.greet == "hello")
derived.greet = nil
assert(derived.greet == "hello")

-- A chain of ten.
local bottom = { value = "bottom" }
local top = bottom
for i = 1, 10 do
  top = setmetatable({ ["level" .. i] = i }, { __index = top })
end
assert(top.value == "bottom" and top.level1 == 1 and top.level10 == 10 and top.level11 == nil)
for _ = 1, 300 do
  assert(top.value == "bottom" and top.nothing == nil)
end

-- A function is given the table and the key; one result counts.
local calls = {}
local lazy = setmetatable({}, {
  __index = function(t, k)
    calls[#calls + 1] = k
    rawset(t, k, k .. "!")
    return k .. "?", "surplus"
  end,
})
assert(lazy.a == "a?" and lazy.a == "a!" and lazy[1] == "1?" and #calls == 2)
local function count(...)
  return select("#", ...)
end
assert(count(lazy.b) == 1)
local none = setmetatable({}, { __index = function() end })
assert(none.x == nil and count(none.x) == 1)

-- At the end of a chain of tables.
local chained = setmetatable({}, { __index = setmetatable({}, {
  __index = function(t, k)
    return type(t) .. k
  end,
}) })
assert(chained.key == "tablekey")

-- `__index` may be any value that can be indexed.
local on_string = setmetatable({}, { __index = "text" })
assert(on_string.len == string.len and on_string.upper == string.upper)
local proxy = newproxy(true)
getmetatable(proxy).__index = { x = 5 }
assert(proxy.x == 5 and proxy.y == nil)
assert(setmetatable({}, { __index = proxy }).x == 5)
local callable = setmetatable({}, {
  __call = function(_, _, k)
    return k
  end,
})
local not_called = setmetatable({}, { __index = callable })
assert(not_called.x == nil, "a callable table is indexed, not called")

-- Present values, also false, do not ask.
local asked = 0
local partial = setmetatable({ f = false, [1] = 0 }, {
  __index = function()
    asked = asked + 1
  end,
})
local _ = partial.f, partial[1]
assert(asked == 0)
_ = partial.g
assert(asked == 1)

-- Raw access and next do not ask.
assert(rawget(partial, "g") == nil and asked == 1 and next(setmetatable({}, { __index = { a = 1 } })) == nil)
assert(#setmetatable({}, { __index = { 1, 2, 3 } }) == 0)

-- Methods, numbers, computed keys.
local Class = {}
Class.__index = Class
function Class.new(v)
  return setmetatable({ v = v }, Class)
end
function Class:get()
  return self.v
end
local Sub = setmetatable({}, { __index = Class })
Sub.__index = Sub
function Sub:double()
  return self:get() * 2
end
local object = setmetatable({ v = 21 }, Sub)
assert(Class.new(3):get() == 3 and object:double() == 42 and object.new == Class.new)
local squares = setmetatable({}, {
  __index = function(_, i)
    return i * i
  end,
})
local s = 0
for i = 1, 100 do
  s = s + squares[i] + squares[i + 0.5]
end
assert(squares[12] == 144 and squares[-3] == 9 and s == 338350 + 343425, s)

-- Changing the metatable takes effect at once.
local mt = { __index = { a = 1 } }
local t = setmetatable({}, mt)
assert(t.a == 1 and t.b == nil)
mt.__index = { b = 2 }
assert(t.a == nil and t.b == 2)
mt.__index = nil
assert(t.b == nil)
mt.__index = function()
  return "f"
end
assert(t.anything == "f")
setmetatable(t, nil)
assert(t.anything == nil)

-- Cycles and chains that are too long are errors.
local cycle = {}
setmetatable(cycle, { __index = cycle })
local ok, err = pcall(function()
  return cycle.x
end)
assert(not ok and err:match(":%d+: (.*)") == "loop in gettable", err)

-- An error in the function passes through.
local failing = setmetatable({}, {
  __index = function(_, k)
    error("no field " .. k, 0)
  end,
})
ok, err = pcall(function()
  return failing.abc
end)
assert(not ok and err == "no field abc")

-- Values without `__index`.
local function refused(f, message)
  local good, e = pcall(f)
  assert(not good and e:match(":%d+: (.*)") == message, e)
end
refused(function() local x = 1; return x.y end, "attempt to index local 'x' (a number value)")
refused(function() local x; return x[1] end, "attempt to index local 'x' (a nil value)")
refused(function() return base.nothing.more end, "attempt to index field 'nothing' (a nil value)")
refused(function() return setmetatable({}, { __index = 5 }).x end, "attempt to index a number value")
refused(function() return newproxy().x end, "attempt to index a userdata value")
assert(("x").nothing == nil)

-- The environment's metatable serves globals.
local env = setmetatable({}, { __index = _G })
local f = setfenv(load("y = tostring(1) return y"), env)
assert(f() == "1" and env.y == "1" and rawget(_G, "y") == nil)
