--- Garbage that both heaps keep alive for each other is freed while the thread lives; what is in use is not.
local sandbox = require("threading.sandbox")

local alive = setmetatable({}, { __mode = "k" })
local function count()
  local n = 0
  for _ in pairs(alive) do
    n = n + 1
  end
  return n
end

-- The body is left by a tail call, so that nothing of it is in use.
local function new_thread()
  return sandbox.start(function()
    return vim.uv.sleep(1e9)
  end)
end
local thread, other = new_thread(), new_thread()

local function is_empty(thread)
  local shared = thread:stats().shared
  return shared.cells + shared.tables + shared.functions + shared.remotes == 0
end
local function collect(condition, what)
  local ok = vim.wait(10000, function()
    collectgarbage()
    collectgarbage()
    return condition()
  end, 2)
  assert(ok, what .. ": " .. vim.inspect(thread:stats().shared) .. vim.inspect(other:stats().shared))
end

--- In a thread: ties an object of main to others of the thread, in every way there is.
local function tie(node)
  local mine = { other = node, name = "thread" }
  node.other = mine
  mine.visit = function() return mine, node end
  mine[node] = mine
  setmetatable(mine, { __index = function() return node end })
  node.coroutine = coroutine.create(function() return coroutine.yield(mine) end)
  coroutine.resume(node.coroutine)
  setfenv(mine.visit, setmetatable({ mine = mine }, { __index = _G }))
  local a, b
  a = function(x) return x == 0 and node or b(x - 1) end
  b = function(x) return x == 0 and mine or a(x - 1) end
  node.a = a
  node.deep = { mine, { { a }, function() return node.deep end } }
  return mine
end

local function new_node()
  local node = { name = "main" }
  node.self = node
  node.visit = function() return node end
  node.coroutine_of_main = coroutine.create(function() coroutine.yield(node) end)
  coroutine.resume(node.coroutine_of_main)
  setmetatable(node, { __tostring = function(self) return self.name .. node.name end })
  alive[node] = true
  return node
end

local kept = {}
for i = 1, 30 do
  local node = new_node()
  local thread = i % 3 == 0 and other or thread
  local ok, mine = thread:call(tie, node):join(5000)
  assert(ok, mine)
  if i % 10 == 0 then
    -- A cycle through two threads and main.
    ok, node.third = (thread == other and new_thread or function() return other end)():call(tie, { node }):join(5000)
    assert(ok, node.third)
  end
  kept[i] = node
end
collect(function() return count() == 30 end, "what main holds was freed")
for i, node in ipairs(kept) do
  assert(node.self == node and node.visit() == node and node.name == "main", i)
  assert(node.other.name == "thread" and node.other.other == node and node.other.visit() == node.other, i)
  assert(node.a(2) == node and node.a(1) == node.other and node.other.nothing == nil or node.other.self == node, i)
  assert(node.other[node] == node.other and node.deep[2][2]() == node.deep, i)
end

-- What only a thread holds lives, and is the same when it comes back.
local keep = function(node)
  local held = node
  node = nil
  vim.wait(2 ^ 31, function() return held.go end, 1)
  return held
end
local node = kept[1]
local task = thread:call(keep, node)
vim.wait(20)
alive[node] = "mine"
node = nil
kept = {}
collect(function() return count() == 1 end, "what a thread holds was freed, or more was kept")
local last = next(alive)
last.go = true
thread:sync()
local ok, back = task:join(5000)
assert(ok and back == last and alive[back] == "mine", back)
last, back, task = nil, nil, nil
collect(function() return count() == 0 and is_empty(thread) and is_empty(other) end, "the cycles are still there")

-- A callback that makes closures on main is let go of with them.
local make
assert(thread:call(function()
  make = function(i)
    local n = i
    local function bump() n = n + 1 return n end
    return bump, function() return n end
  end
end):join(5000))
for i = 1, 100 do
  local bump, get = make(i)
  assert(bump() == i + 1 and get() == i + 1)
end
make = nil
collect(function() return is_empty(thread) end, "callbacks are still there")
