--- `__add`, `__sub`, `__mul`, `__div`, `__mod`, `__pow` and `__unm`: operands, selection, results, constants, errors.

local function show(v)
  return type(v) == "table" and v.name or tostring(v)
end
local function named(op)
  return function(a, b)
    return op .. "(" .. show(a) .. "," .. show(b) .. ")"
  end
end
local mt = {
  __add = named("add"),
  __sub = named("sub"),
  __mul = named("mul"),
  __div = named("div"),
  __mod = named("mod"),
  __pow = named("pow"),
  __unm = named("unm"),
}
local a, b = setmetatable({ name = "a" }, mt), setmetatable({ name = "b" }, mt)

assert(a + b == "add(a,b)" and a - b == "sub(a,b)" and a * b == "mul(a,b)" and a / b == "div(a,b)")
assert(a % b == "mod(a,b)" and a ^ b == "pow(a,b)" and -a == "unm(a,a)")

-- With a number, a string, nil or another table on either side, constant or not.
local two, text = 2, "x"
assert(a + 2 == "add(a,2)" and 2 + a == "add(2,a)" and a + two == "add(a,2)" and two + a == "add(2,a)")
assert(a - 2.5 == "sub(a,2.5)" and 2.5 - a == "sub(2.5,a)" and a * 1e10 == "mul(a,10000000000)")
assert(a / "x" == "div(a,x)" and "x" / a == "div(x,a)" and a % text == "mod(a,x)" and text % a == "mod(x,a)")
assert(a ^ 2 == "pow(a,2)" and 2 ^ a == "pow(2,a)" and a + nil == "add(a,nil)" and true + a == "add(true,a)")
assert(a + { name = "plain" } == "add(a,plain)" and { name = "plain" } + a == "add(plain,a)")

-- The left operand's metamethod wins.
local other = setmetatable({ name = "o" }, { __add = function()
  return "other"
end })
assert(a + other == "add(a,o)" and other + a == "other" and 1 + other == "other")

-- One result; nil is one too.
local none = setmetatable({}, { __add = function() end, __sub = function()
  return 1, 2, 3
end })
assert(none + 1 == nil and select("#", none + 1) == 1 and select("#", none - 1) == 1)

-- In compound expressions, with the right precedence.
local vector = {}
vector.__index = vector
local function vec(x, y)
  return setmetatable({ x = x, y = y }, vector)
end
vector.__add = function(p, q)
  return vec(p.x + q.x, p.y + q.y)
end
vector.__mul = function(p, q)
  if type(p) == "number" then
    return vec(p * q.x, p * q.y)
  elseif type(q) == "number" then
    return vec(p.x * q, p.y * q)
  end
  return p.x * q.x + p.y * q.y
end
vector.__unm = function(p)
  return vec(-p.x, -p.y)
end
local v = vec(1, 2) + 2 * vec(3, 4) * 2 + -vec(1, 1)
assert(v.x == 12 and v.y == 17 and vec(1, 2) * vec(3, 4) == 11)
local sum = vec(0, 0)
for i = 1, 500 do
  sum = sum + vec(i, -i) * 2
end
assert(sum.x == 250500 and sum.y == -250500)

-- On userdata, strings and other types through debug.setmetatable.
local u = newproxy(true)
getmetatable(u).__add = function(p, q)
  return rawequal(p, u) and "left" or rawequal(q, u) and "right"
end
assert(u + 1 == "left" and 1 + u == "right")
getmetatable("").__add = function(p, q)
  return p .. "+" .. q
end
assert("1" + "2" == 3, "strings that are numbers are converted first")
assert("x" + "y" == "x+y" and "x" + 1 == "x+1")
getmetatable("").__add = nil
debug.setmetatable(nil, {
  __add = function()
    return "nil+"
  end,
})
assert(nil + 1 == "nil+" and 1 + nil == "nil+")
debug.setmetatable(nil, nil)

-- Without a metamethod.
local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
local plain = {}
refused(function() return plain + 1 end, "attempt to perform arithmetic on upvalue 'plain' (a table value)")
refused(function() return 1 - plain end, "attempt to perform arithmetic on upvalue 'plain' (a table value)")
refused(function() return -plain end, "attempt to perform arithmetic on upvalue 'plain' (a table value)")
refused(function() return u * 2 end, "attempt to perform arithmetic on upvalue 'u' (a userdata value)")
refused(function() return a.missing / 2 end, "attempt to perform arithmetic on field 'missing' (a nil value)")

-- A metamethod that is callable but no function.
local by_call = setmetatable({}, { __add = setmetatable({}, {
  __call = function(_, p, q)
    return "called", p, q
  end,
}) })
assert(by_call + 1 == "called")

-- Errors pass through and keep their position.
local failing = setmetatable({}, { __mul = function()
  error("no product", 0)
end })
local ok, err = pcall(function()
  return failing * 2
end)
assert(not ok and err == "no product")
