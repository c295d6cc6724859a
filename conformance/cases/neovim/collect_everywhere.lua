--- Both sides collect garbage at every step while objects go to and fro: no id is released that is still named.
local sandbox = require("threading.sandbox")

local function collect()
  collectgarbage()
  collectgarbage()
end

local held, sum, steps = {}, 0, 0
local main_weak = setmetatable({}, { __mode = "v" })
local give, take

local thread = sandbox.start(function(rounds)
  local weak = setmetatable({}, { __mode = "kv" })
  local kept = {}
  give = function(i)
    collectgarbage()
    local t = { i, f = function() return i end, inner = { i } }
    held[i % 3] = t
    return t, t.f
  end
  take = function(t)
    collectgarbage()
    sum = sum + t[1]
    kept[#kept % 4 + 1] = t
    kept[5] = nil
  end
  for i = 1, rounds do
    local node = { i }
    node.self = function() return node end
    weak[node] = node
    weak[i % 5] = node.self
    collectgarbage()
    held.node = node
    -- A function of main's own, a table of main, an error value, all through the same ids.
    local same = vim.run_on_main_thread(function(n, f)
      collectgarbage()
      main_weak[i % 7] = n
      n.seen = { i }
      steps = steps + 1
      return n.self() == n and f() == n and n
    end, node, node.self)
    collectgarbage()
    assert(same == node and node.seen[1] == i and held.node == node)
    local ok, problem = pcall(vim.run_on_main_thread, function()
      collectgarbage()
      error(held.node)
    end)
    assert(not ok and problem == node)
    -- What only a weak table knows may be gone, but is never anything else. Its variable is cleared below.
    for key, value in pairs(weak) do
      if type(key) == "number" then
        local its_node = value()
        assert(its_node == nil or its_node[1] % 5 == key)
      else
        assert(key == value)
      end
      if i % 4 == 0 then
        held.found = value
      end
    end
    held.node, held.found, node = nil, nil, nil
    if i % 3 == 0 then
      vim.uv.sleep(0)
    end
  end
  return "done"
end, { 150 })

local calls = 0
while thread:is_running() do
  collect()
  vim.wait(1)
  if give then
    calls = calls + 1
    local t, f = give(calls)
    collect()
    assert(t[1] == calls and f() == calls and t.f == f and t.inner[1] == calls and held[calls % 3] == t)
    take({ calls })
    collect()
    take(t)
    thread:sync()
    main_weak.kept = t
  end
end
local ok, result = thread:join(20000)
assert(ok, vim.inspect(result))
assert(result == "done" and steps == 150 and sum == calls * (calls + 1), sum)
