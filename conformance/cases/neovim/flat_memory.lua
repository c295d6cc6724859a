--- Thousands of callbacks, recursive closures and cycles through both heaps leave nothing behind.
--- `$THREADING_CALLBACKS` says how many callbacks; `$THREADING_REPORT` has it say figures at each tenth of them.
--- `sandbox soak` sets both, here and on the deterministic host.
local sandbox = require("threading.sandbox")

local total = tonumber(vim.env.THREADING_CALLBACKS) or 6000
local ROUND = 100

local n, last, slot = 0, 0, {}
local callback, make, store

local thread = sandbox.start(function()
  local calls = 0
  -- Two variables, nothing else.
  callback = function(i)
    calls = calls + 1
    last = i
    return calls
  end
  -- Mutually recursive closures, made on main by a callback.
  make = function(x)
    local even, odd
    even = function(i) return i == 0 and x or odd(i - 1) end
    odd = function(i) return i == 0 and -x or even(i - 1) end
    return even
  end
  -- A table of main and a closure made there become the thread's too, in the place of others.
  store = function(i, node)
    n = n + 1
    node.again = function() return node, slot end
    slot[i % 8] = node
  end
  -- A tail call: nothing of the body stays in use.
  return vim.uv.sleep(1e9)
end)
assert(vim.wait(5000, function()
  thread:sync()
  return store
end, 1))

--- Runs in the thread: a cycle through both heaps, and closures that only the thread has.
local function tie(node)
  local mine = { node = node }
  local function visit(depth) return depth == 0 and mine or visit(depth - 1) end
  mine.visit, node.mine = visit, mine
  setmetatable(mine, { __index = node })
  node.coroutine = coroutine.create(function() return visit(3) end)
end

local function run(round)
  for i = 1, ROUND - 20 do
    callback(round * ROUND + i)
  end
  for i = 1, 10 do
    assert(make(i)(i) == (i % 2 == 0 and i or -i))
    local node = { i }
    node.self = node
    function node.visit() return node.self end
    store(i, node)
  end
  local node = { round }
  node.get = function() return node end
  assert(thread:call(tie, node):join(5000))
  assert(node.mine.node == node and node.mine.visit(5) == node.mine and node.mine.get() == node)
end

local function resident()
  local file = io.open("/proc/self/statm")
  if not file then
    return 0
  end
  local pages = file:read("*a"):match("%d+ (%d+)")
  file:close()
  return tonumber(pages) * 4096
end

--- Bytes in use, garbage excluded: of main's heap, the sandbox's, and resident.
local function measure()
  for _ = 1, 3 do
    assert(thread:call(function() collectgarbage() return nil end):join(5000))
    collectgarbage()
    collectgarbage()
    vim.wait(20)
  end
  return { main = collectgarbage("count") * 1024, sandbox = thread:stats().memory, resident = resident() }
end

local rounds = math.floor(total / ROUND)
--- From this many callbacks on there is no excuse; before, memory comes in steps: blocks of the allocator, traces of
--- the JIT compiler.
local STRICT = 1000000
local slack = total < STRICT and { main = 65536, sandbox = 16384, resident = 4194304 } or { main = 0, sandbox = 0, resident = 0 }
local before, history = nil, {}

local function show(round, figures)
  local text = "%9d callbacks: main %.1f KB, sandbox %.1f KB, process %.2f MB"
  return text:format(round * ROUND, figures.main / 1000, figures.sandbox / 1000, figures.resident / 1e6)
end

for round = 1, rounds do
  run(round)
  local tenth = math.floor(10 * round / rounds)
  if tenth > #history and round >= math.min(20, rounds) then
    local now = measure()
    repeat
      history[#history + 1] = show(round, now)
    until #history == tenth
    if vim.env.THREADING_REPORT then
      io.stdout:write(history[tenth], "\n")
      io.stdout:flush()
    end
    before = before or now
    for what, bytes in pairs(before) do
      assert(now[what] <= bytes * 1.05 + slack[what], what .. " grows:\n" .. table.concat(history, "\n"))
    end
  end
end
assert(n == rounds * 10, n)

callback, make, store, slot = nil, nil, nil, nil
local function is_empty()
  collectgarbage()
  collectgarbage()
  local shared = thread:stats().shared
  return shared.cells + shared.tables + shared.functions + shared.remotes == 0
end
assert(vim.wait(20000, is_empty, 2), vim.inspect(thread:stats().shared))
if vim.env.THREADING_REPORT then
  io.stdout:write("nothing is shared any more\n")
end
