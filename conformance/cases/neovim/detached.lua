--- What a thread leaves behind when it ends: its functions work on the state that was exchanged last, and what needs
--- the thread says at once that it has ended.
local sandbox = require("threading.sandbox")

local function wait_for(condition, what)
  assert(vim.wait(5000, condition, 1), what)
end

--- Ends a thread in one of several ways.
local ends = {
  kill = function(thread)
    thread:kill()
  end,
  cancel = function(thread)
    thread:cancel("enough")
  end,
  fuel = function() end,
}

for name, finish in pairs(ends) do
  local shared = {}
  local thread = sandbox.start(function(name)
    local n, list = 0, {}
    shared.up = function(by)
      n = n + by
      list[#list + 1] = n
      return n, #list
    end
    shared.make = function()
      return function()
        n = n + 100
        return n
      end
    end
    shared.fail = function()
      n = n + 1
      error("still fails")
    end
    shared.steps = function()
      for i = 1, 3 do
        n = n + i
        coroutine.yield(n)
      end
    end
    shared.coroutine = coroutine.create(function() end)
    shared.keymap = true
    vim.keymap.set("n", "<Plug>(detached)", function()
      n = n + 1000
      vim.g.detached = n
    end)
    n = 5
    shared.ready = true
    if name == "fuel" then
      while true do end
    end
    vim.uv.sleep(1e8)
  end, { name }, { fuel = name == "fuel" and 5e6 or nil })
  wait_for(function()
    thread:sync()
    return shared.ready
  end, "it gets ready")
  assert(shared.up(1) == 6)
  local steps = coroutine.wrap(shared.steps)
  assert(steps() == 7)
  finish(thread)
  local ok, problem = thread:join(5000)
  assert(ok == false, tostring(problem))
  thread:kill()
  wait_for(function()
    return #sandbox.list() == 0
  end, "it ends")

  -- The last exchanged state, natively.
  local n, length = shared.up(1)
  assert(n == 8 and length == 2, n)
  assert(shared.make()() == 108)
  local ok, problem = pcall(shared.fail)
  assert(not ok and problem:match("detached.lua:%d+: still fails$"), problem)
  assert(steps() == 111 and steps() == 114)
  vim.api.nvim_feedkeys(vim.keycode("<Plug>(detached)"), "xt", false)
  assert(vim.g.detached == 1114)

  -- What needs the thread.
  local before = vim.uv.hrtime()
  local ok, problem = pcall(function()
    return shared.coroutine.field
  end)
  assert(not ok and type(problem) == "string", problem)
  local ok, problem = pcall(thread.call, thread, function() end)
  assert(not ok and problem:match("has ended"), problem)
  assert(thread:sync() == false)
  thread:cancel()
  thread:kill()
  assert(thread:is_running() == false)
  assert(select(1, thread:join(0)) == false)
  assert((vim.uv.hrtime() - before) / 1e6 < 1000, "nothing waits")

  -- They may go to another thread, and share what they shared.
  local up = shared.up
  local ok, n = sandbox
    .start(function()
      return (up(1))
    end)
    :join(5000)
  assert(ok and n == 1115, n)
  assert(up(1) == 1116)
end
