--- `debug.getlocal` and `setlocal`: names, order, hidden variables, varargs, parameters, other coroutines.

local function names(level)
  local out = {}
  for i = 1, 100 do
    local name, value = debug.getlocal(level + 1, i)
    if not name then
      break
    end
    out[i] = name .. "=" .. tostring(value)
  end
  return out
end
local function last(count)
  local all = names(2)
  return table.concat(all, " ", math.max(1, #all - count + 1))
end

local function params(a, b, ...)
  local c = 3
  do
    local hidden = 4
  end
  local s = last(5)
  return s
end
assert(params(1, nil, "x") == "a=1 b=nil c=3", params(1, nil, "x"))

-- A local counts from the statement after its own.
local function growing()
  local first = last(3)
  local second = last(3)
  return first, second
end
local first, second = growing()
assert(first == "" and second == "first=")

-- Shadowed ones are listed twice; those of ended blocks are not.
local function shadow()
  local x = 1
  local x = 2
  do
    local y = 3
    local s = last(3)
    assert(s == "x=1 x=2 y=3", s)
  end
  local s = last(3)
  return s
end
assert(shadow() == "x=1 x=2")

-- Loops have hidden variables.
local function loops()
  local out = {}
  for i = 5, 6 do
    out[1] = last(4)
  end
  for k, v in pairs({ a = 1 }) do
    for i = 1, 100 do
      local name = debug.getlocal(1, i)
      if not name then
        break
      end
      out[i + 1] = name
    end
  end
  return out
end
local l = loops()
assert(l[1] == "(for index)=6 (for limit)=6 (for step)=1 i=6", l[1])
local hidden = table.concat(l, " ", 2)
assert(hidden:find("^out %(for generator%) %(for state%) %(for control%) k v "), hidden)

-- Varargs by negative index.
local function varargs(...)
  local n1, v1 = debug.getlocal(1, -1)
  local n2, v2 = debug.getlocal(1, -2)
  local n3 = debug.getlocal(1, -3)
  return n1, v1, n2, v2, n3
end
local n1, v1, n2, v2, n3 = varargs("a", "b")
assert(n1 == "(*vararg)" and v1 == "a" and n2 == "(*vararg)" and v2 == "b" and n3 == nil)

-- A function that is not running: names of its parameters.
assert(debug.getlocal(params, 1) == "a" and debug.getlocal(params, 2) == "b" and debug.getlocal(params, 3) == nil)

-- Setting.
local function setting(p)
  local x = 1
  assert(debug.setlocal(1, 2, "changed") == "x" and x == "changed")
  assert(debug.setlocal(1, 1, "param") == "p" and p == "param")
  assert(debug.setlocal(1, 50, 1) == nil)
end
setting(0)
local function outer()
  local mine = "before"
  local function inner()
    assert(debug.setlocal(2, 1, "after") == "mine")
  end
  inner()
  return mine
end
assert(outer() == "after")

-- Captured variables are the same ones.
local function captured()
  local v = 1
  local function get()
    return v
  end
  debug.setlocal(1, 1, 9)
  return get()
end
assert(captured() == 9)

-- Another coroutine.
local co = coroutine.create(function(a)
  local b = a * 2
  coroutine.yield()
  return a, b
end)
coroutine.resume(co, 21)
local name, value = debug.getlocal(co, 1, 2)
assert(name == "b" and value == 42)
assert(debug.setlocal(co, 1, 2, "new") == "b")
assert(select(3, coroutine.resume(co)) == "new")

-- Levels that do not exist.
assert(not pcall(debug.getlocal, 1000, 1) and not pcall(debug.setlocal, 1000, 1, 1))
