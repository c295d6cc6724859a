--- Yields across `pcall`, `xpcall`, metamethods, iterators and `for` loops.

local yield = coroutine.yield
local function trace(f, ...)
  local co = coroutine.create(f)
  local out = {}
  local function note(ok, ...)
    assert(ok, (...))
    for i = 1, select("#", ...) do
      out[#out + 1] = tostring((select(i, ...)))
    end
  end
  note(coroutine.resume(co, ...))
  local n = 0
  while coroutine.status(co) ~= "dead" do
    n = n + 1
    note(coroutine.resume(co, "r" .. n))
  end
  return table.concat(out, " ")
end

-- pcall and xpcall.
assert(trace(function()
  local ok, v = pcall(function()
    return yield("in pcall") .. "!"
  end)
  return ok, v
end) == "in pcall true r1!")
assert(trace(function()
  local ok, v = pcall(function()
    yield("before")
    error("after " .. yield("again"), 0)
  end)
  return ok, v
end) == "before again false after r2")
assert(trace(function()
  local ok, v = xpcall(function(x)
    yield(x)
    error("e", 0)
  end, function(m)
    return m .. " handled"
  end, "arg")
  return ok, v
end) == "arg false e handled")
assert(trace(function()
  return pcall(pcall, pcall, function()
    return yield(1)
  end)
end) == "1 true true true r1")

-- An error after several yields unwinds to the right pcall.
assert(trace(function()
  local ok1, v1 = pcall(function()
    local ok2, v2 = pcall(function()
      yield("a")
      error("inner", 0)
    end)
    yield(v2)
    error("outer", 0)
  end)
  return ok1, v1
end) == "a inner false outer")

-- Metamethods.
local mt = {}
for _, event in ipairs({ "add", "sub", "mul", "div", "mod", "pow", "concat" }) do
  mt["__" .. event] = function()
    return yield(event)
  end
end
mt.__unm = function()
  return yield("unm")
end
mt.__index = function(_, k)
  return yield("index " .. k)
end
mt.__newindex = function(_, k, v)
  yield("newindex " .. k .. " " .. v)
end
mt.__call = function(_, v)
  return yield("call " .. v)
end
mt.__eq = function()
  return yield("eq")
end
mt.__lt = function()
  return yield("lt")
end
mt.__le = function()
  return yield("le")
end
local a, b = setmetatable({}, mt), setmetatable({}, mt)
assert(trace(function()
  return a + 1, 2 - a, a * b, a / 1, a % 1, a ^ 1
end) == "add sub mul div mod pow r1 r2 r3 r4 r5 r6")
assert(trace(function()
  return -a, a.key, a(5)
end) == "unm index key call 5 r1 r2 r3")
assert(trace(function()
  return "p" .. a
end) == "concat r1")
assert(trace(function()
  a.field = "value"
  return "done"
end) == "newindex field value done")
assert(trace(function()
  return a == b, a ~= b
end) == "eq eq true false")
assert(trace(function()
  return a < b, a <= b, a > b, a >= b
end) == "lt le lt le true true true true")
assert(trace(function()
  if a < b and not (a == b) then
    return "wrong"
  end
  return "right"
end) == "lt eq right")
mt.__le = nil
assert(trace(function()
  return a <= b
end) == "lt false")

-- Iterators.
assert(trace(function()
  local out = {}
  for v in function()
    return yield("next")
  end do
    out[#out + 1] = v
    if #out == 3 then
      break
    end
  end
  return table.concat(out, ",")
end) == "next next next r1,r2,r3")
assert(trace(function()
  for i = 1, 2 do
    for _, v in ipairs({ "x", "y" }) do
      yield(i .. v)
    end
  end
end) == "1x 1y 2x 2y")

-- In arguments, constructors, conditions and returns.
assert(trace(function()
  local t = { yield(1), yield(2), k = yield(3), yield(4) }
  return #t, t[1], t.k, select("#", yield(5), yield(6))
end) == "1 2 3 4 5 6 3 r1 r3 2")
assert(trace(function()
  return yield(yield(yield("nested")))
end) == "nested r1 r2 r3")
assert(trace(function(...)
  local x = ... and yield("a") or yield("b")
  while x ~= "r3" do
    x = yield(x)
  end
  return x
end, true) == "a r1 r2 r3")

-- Through tail calls and vararg functions.
local function tail(...)
  return yield(...)
end
assert(trace(function()
  return tail(1, 2, 3)
end) == "1 2 3 r1")

-- Errors thrown into code that has yielded keep their traceback.
local co = coroutine.create(function()
  pcall(yield, "x")
  local nothing
  return nothing.field
end)
coroutine.resume(co)
local ok, err = coroutine.resume(co)
assert(not ok and err:match(":%d+: (.*)") == "attempt to index local 'nothing' (a nil value)", err)
