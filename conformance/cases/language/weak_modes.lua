--- Weak tables where they are not obvious: no ephemerons, finalized objects, strings, modes that change.

local function collect()
  collectgarbage()
  collectgarbage()
end

-- A value keeps its own weak key alive.
local notes = setmetatable({}, { __mode = "k" })
local function annotate()
  local key = {}
  notes[key] = { key }
  notes[{}] = "gone"
end
annotate()
collect()
local key, note = next(notes)
assert(key == note[1] and next(notes, key) == nil)

-- While a finalizer runs its object has left weak values, but not weak keys.
local values = setmetatable({}, { __mode = "v" })
local keys = setmetatable({}, { __mode = "k" })
local seen
local function finalized()
  local p = newproxy(true)
  values[1] = p
  keys[p] = "key"
  getmetatable(p).__gc = function(u)
    seen = { values[1] == nil, keys[u] }
  end
end
finalized()
collectgarbage()
assert(seen[1] == true and seen[2] == "key")
collectgarbage()
assert(next(keys) == nil)

-- A resurrected object does not stay in weak values.
local saved
local function resurrect()
  local p = newproxy(true)
  getmetatable(p).__gc = function(u)
    saved = u
    values[1] = u
  end
end
resurrect()
collect()
assert(type(saved) == "userdata" and values[1] == nil)

-- Strings are values, not objects.
local both = setmetatable({}, { __mode = "kv" })
both[1] = "text" .. #both
both["k" .. 1] = {}
both["k" .. 2] = 1
collect()
assert(both[1] == "text0" and both.k1 == nil and both.k2 == 1)

-- The mode counts when the collector looks.
local mt = {}
local t = setmetatable({}, mt)
local function put()
  t[1] = {}
  t[{}] = {}
end
local function size()
  local n = 0
  for _ in pairs(t) do
    n = n + 1
  end
  return n
end
put()
collect()
assert(size() == 2)
mt.__mode = "v"
collect()
assert(size() == 0)
mt.__mode = nil
put()
collect()
assert(size() == 2)
mt.__mode = "k"
collect()
assert(size() == 1)
mt.__mode = 1
put()
collect()
assert(size() == 2)
mt.__mode = "xyzv"
collect()
assert(size() == 0)

-- Large ones, in both parts.
local list = setmetatable({}, { __mode = "v" })
local index = setmetatable({}, { __mode = "k" })
local kept = {}
for i = 1, 40000 do
  local object = { i }
  list[i] = object
  index[object] = i
  if i % 4 == 0 then
    kept[#kept + 1] = object
  end
end
collect()
local n = 0
for i, object in pairs(list) do
  n = n + 1
  assert(object[1] == i and index[object] == i and i % 4 == 0)
end
assert(n == 10000)
n = 0
for object, i in pairs(index) do
  n = n + 1
  assert(list[i] == object)
end
assert(n == 10000)

-- A table may be the key and the value of itself and of others.
local chain = setmetatable({}, { __mode = "k" })
local function link()
  local first = {}
  local last = first
  for _ = 1, 10 do
    local following = {}
    chain[last] = following
    last = following
  end
  chain[last] = "end"
  return first
end
local first = link()
collect()
n = 0
local at = first
while type(at) == "table" do
  at = chain[at]
  n = n + 1
end
assert(n == 11 and at == "end")
