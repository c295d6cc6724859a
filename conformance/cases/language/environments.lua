--- `setfenv` and `getfenv`: functions, levels, inheritance, the thread's environment, `_G`.

assert(getfenv() == _G and getfenv(1) == _G and getfenv(0) == _G and getfenv(print) == _G)

-- A function's environment is where its globals live.
local function f()
  return variable
end
assert(f() == nil)
assert(setfenv(f, { variable = "set" }) == f and f() == "set" and getfenv(f).variable == "set" and variable == nil)

-- A closure inherits the environment of the function that makes it.
local function outer()
  x = 1
  return function()
    x = x + 1
    return x
  end
end
local env = {}
setfenv(outer, env)
local inner = outer()
assert(inner() == 2 and env.x == 2 and x == nil and getfenv(inner) == env)
setfenv(outer, _G)
assert(getfenv(inner) == env, "the inner one keeps its own")

-- Two closures of one prototype may differ.
local function make()
  return function()
    return name
  end
end
local a, b = make(), make()
setfenv(a, { name = "a" })
setfenv(b, { name = "b" })
assert(a() == "a" and b() == "b")

-- By level.
local function by_level()
  local e = { assert = assert, getfenv = getfenv }
  setfenv(1, e)
  global_here = 5
  assert(e.global_here == 5 and getfenv(1) == e)
end
by_level()
assert(global_here == nil)
local function sandbox()
  setfenv(2, { setmetatable = setmetatable, y = "from sandbox" })
end
local function user()
  sandbox()
  return y
end
assert(user() == "from sandbox")

-- Reading through to the old globals.
local function strict()
  setfenv(1, setmetatable({}, { __index = _G }))
  z = 10
  return z, type(print)
end
local z1, kind = strict()
assert(z1 == 10 and kind == "function" and z == nil)

-- Metatables of environments catch undeclared names.
local guarded = setfenv(load("return undeclared"), setmetatable({}, {
  __index = function(_, k)
    error("undeclared variable " .. k, 2)
  end,
}))
local ok, err = pcall(guarded)
assert(not ok and err:match(": undeclared variable undeclared$"), err)

-- load uses the thread's environment.
local chunk = load("return getfenv and 'global' or 'other'")
assert(chunk() == "global" and getfenv(chunk) == _G)
local co = coroutine.create(function()
  setfenv(0, setmetatable({ mine = "co" }, { __index = _G }))
  return load("return mine")()
end)
local good, value = coroutine.resume(co)
assert(good and value == "co" and mine == nil and getfenv(0) == _G, "each coroutine has its own")

-- A coroutine's functions keep theirs.
co = coroutine.wrap(setfenv(function()
  coroutine.yield(v)
  v = v + 1
  coroutine.yield(v)
end, { coroutine = coroutine, v = 1 }))
assert(co() == 1 and co() == 2 and v == nil)

-- _G is an ordinary variable.
assert(_G._G == _G)
local saved = _G
_G = nil
assert(print ~= nil and _G == nil)
_G = saved
local old = rawget(_G, "new_global_for_env")
_G.new_global_for_env = 1
assert(old == nil and new_global_for_env == 1)
new_global_for_env = nil

-- Errors.
local function refused(fn, message)
  local fine, e = pcall(fn)
  assert(not fine and e:match(":%d+: (.*)") == message, e)
end
refused(function() setfenv(string.sub, {}) end, "'setfenv' cannot change environment of given object")
refused(function() getfenv(100) end, "bad argument #1 to 'getfenv' (invalid level)")
refused(function() setfenv(100, {}) end, "bad argument #1 to 'setfenv' (invalid level)")
refused(function() getfenv(-1) end, "bad argument #1 to 'getfenv' (invalid level)")
refused(function() setfenv(f, nil) end, "bad argument #2 to 'setfenv' (table expected, got nil)")

-- For a coroutine's own environment there is nothing to return.
assert(coroutine.wrap(function()
  return select("#", setfenv(0, getfenv(0)))
end)() == 0)
assert(select("#", setfenv(0, getfenv(0))) == 0)
