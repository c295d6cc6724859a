--- Runaway recursion through library callbacks and nested coroutines is an ordinary error.
-- diverges: LuaJIT runs out of C stack and the process ends.

local function message_of(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok)
  return tostring(message)
end

-- Replacement functions.
local function replacing(s)
  return (s:gsub(".", replacing))
end
assert(message_of(replacing, "x"):find("overflow", 1, true))

-- Coroutines that resume new coroutines.
local function nested()
  local co = coroutine.create(nested)
  local ok, err = coroutine.resume(co)
  if not ok then
    error(err, 0)
  end
end
assert(message_of(nested):find("overflow", 1, true))
local function wrapped()
  return (coroutine.wrap(wrapped)())
end
assert(message_of(wrapped):find("overflow", 1, true))

-- Everything works afterwards.
assert(("abc"):gsub(".", string.upper) == "ABC")
local co = coroutine.wrap(function()
  coroutine.yield(1)
  return 2
end)
assert(co() == 1 and co() == 2)

-- Deep but finite nesting works.
local function nest(n)
  if n == 0 then
    return 0
  end
  local inner = coroutine.wrap(nest)
  return 1 + inner(n - 1)
end
assert(nest(100) == 100)
local function deep_gsub(n)
  if n == 0 then
    return "x"
  end
  return (("x"):gsub("x", function()
    return deep_gsub(n - 1)
  end))
end
assert(deep_gsub(100) == "x")

-- Calls by library functions take a few slots more than LuaJIT's, so that they reach less deep.
local depth = 0
local function protected()
  depth = depth + 1
  local ok = pcall(protected)
  return ok
end
protected()
assert(depth > 9000 and depth < 12000, depth)
