--- Weak tables: what is collected and what stays, for each mode.

local function collect()
  collectgarbage()
  collectgarbage()
end
local function size(t)
  local n = 0
  for _ in pairs(t) do
    n = n + 1
  end
  return n
end

-- Weak values.
local values = setmetatable({}, { __mode = "v" })
local kept = { "kept" }
local function fill()
  values[1] = {}
  values[2] = kept
  values.x = function()
    return values
  end
  values.y = "strings stay"
  values.z = 42
  values.b = true
end
fill()
collect()
assert(values[1] == nil and values[2] == kept and values.y == "strings stay" and values.z == 42 and values.b == true)
assert(values.x == nil)

-- Weak keys: an entry whose key is reachable only from the table goes.
local keys = setmetatable({}, { __mode = "k" })
local key = {}
local function fill_keys()
  keys[key] = "value"
  keys[{}] = "gone"
  keys["string"] = {}
  keys[1] = {}
end
fill_keys()
collect()
assert(size(keys) == 3 and keys[key] == "value" and type(keys.string) == "table" and type(keys[1]) == "table")

-- Both.
local both = setmetatable({}, { __mode = "kv" })
local k, v = {}, {}
local function fill_both()
  both[k] = v
  both[k] = v
  both[{}] = v
  both[v] = {}
  both[1] = {}
  both.s = "s"
end
fill_both()
collect()
assert(size(both) == 2 and both[k] == v and both.s == "s")

-- Values reachable elsewhere survive, and go when that ends.
local holder = { {} }
values.held = holder[1]
collect()
assert(values.held == holder[1])
holder = nil
collect()
assert(values.held == nil)

-- A value in a strong table that is reached only through a weak one.
local outer = setmetatable({}, { __mode = "v" })
local function nest()
  outer.inner = { deep = { deeper = {} } }
end
nest()
assert(outer.inner.deep.deeper)
collect()
assert(outer.inner == nil)

-- Weakness may be set later, and taken away.
local mt = {}
local late = setmetatable({}, mt)
local function put(t, name)
  t[name] = {}
end
put(late, "a")
collect()
assert(late.a)
setmetatable(late, { __mode = "v" })
collect()
assert(late.a == nil)
setmetatable(late, nil)
put(late, "b")
collect()
assert(late.b)

-- A cache that is used while it is collected.
local cache = setmetatable({}, { __mode = "v" })
for i = 1, 20000 do
  local n = i % 100
  local object = cache[n]
  if not object then
    object = { n = n }
    cache[n] = object
  end
  assert(object.n == n)
end

-- Coroutines and userdata are collected as values too.
local function others()
  values.co = coroutine.create(function() end)
  values.ud = newproxy()
end
others()
collect()
assert(values.co == nil and values.ud == nil)

-- Traversal of a weak table between collections.
local list = setmetatable({}, { __mode = "v" })
local strong = {}
for i = 1, 100 do
  local object = { i }
  list[i] = object
  if i % 2 == 0 then
    strong[#strong + 1] = object
  end
end
collect()
local n = 0
for _, object in pairs(list) do
  assert(object[1] % 2 == 0)
  n = n + 1
end
assert(n == 50)
