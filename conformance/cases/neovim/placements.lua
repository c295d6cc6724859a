--- Where callbacks run: `callbacks = "thread"` posts and returns, `"sync"` has main wait for the thread.
local sandbox = require("threading.sandbox")

local function wait_for(condition, what)
  assert(vim.wait(5000, condition, 1), what)
end

-- "thread": Neovim does not wait, the function runs in the thread, in the order of the calls. ------------------------
local log, fns = {}, {}
local thread = sandbox.start(function()
  local n = 0
  fns.add = function(x)
    n = n + x
    table.insert(log, ("%d %s"):format(n, tostring(vim.is_thread())))
    return n
  end
  fns.fail = function()
    error("on purpose")
  end
  fns.slow = function()
    vim.uv.sleep(1000)
    table.insert(log, "slow " .. vim.api.nvim_get_mode().mode)
  end
  -- What asks for main runs there all the same.
  local on_main = vim.run_on_main_thread(function(a, b)
    return not (vim.is_thread and vim.is_thread()) and a + b
  end, 1, 2)
  while n ~= 1e3 do
    vim.uv.sleep(1)
  end
  return on_main
end, {}, { callbacks = "thread" })
wait_for(function()
  thread:sync()
  return fns.slow
end, "the functions arrive")
local before = vim.uv.hrtime()
assert(select("#", fns.slow()) == 0, "a posted call has no results")
assert((vim.uv.hrtime() - before) / 1e6 < 900, "main does not wait")
fns.add(1)
fns.add(2)
wait_for(function()
  thread:sync()
  return #log == 3
end, vim.inspect(log))
table.sort(log)
assert(table.concat(log, ", ") == "1 true, 3 true, slow n", table.concat(log, ", "))
-- An error that nobody waits for is reported.
local notify, said = vim.notify, nil
vim.notify = function(message)
  said = message
end
fns.fail()
wait_for(function()
  return said
end, "the error is reported")
assert(said:match("on purpose") and said:match("traceback"), said)
vim.notify = notify
fns.add(997)
local ok, on_main = thread:join(5000)
assert(ok and on_main == 3, tostring(on_main))
-- The thread's end: it lives while Neovim has its functions.
fns.add(1)
wait_for(function()
  return thread:status() == "idle"
end, thread:status())
thread:kill()
wait_for(function()
  return thread:status() == "finished" or thread:status() == "killed"
end, thread:status())
wait_for(function()
  return #sandbox.list() == 0
end, "it ends")
local ok, problem = pcall(fns.add, 1)
assert(not ok and problem:match("has ended"), problem)

-- "sync": main waits and gets the results, while it serves what the thread asks of it. -------------------------------
local fns = {}
local thread = sandbox.start(function()
  local n = 10
  fns.square = function(x)
    assert(vim.is_thread())
    n = n + 1
    return x * x, nil, n
  end
  fns.ask = function(buffer)
    -- Host calls of its own, and a function of its own that runs on main.
    local name = vim.api.nvim_buf_get_name(buffer)
    local lines = vim.run_on_main_thread(function()
      assert(not (vim.is_thread and vim.is_thread()))
      n = n + 1
      return vim.api.nvim_buf_line_count(buffer)
    end)
    return name, lines, n
  end
  fns.fail = function(problem)
    n = n + 1
    error(problem)
  end
  fns.again = function(depth)
    if depth == 0 then
      return 0
    end
    -- Neovim calls it back: nested, main waits twice.
    return 1 + vim.fn.map({ depth }, function(_, d)
      return fns.again(d - 1)
    end)[1]
  end
  fns.forever = function()
    while true do end
  end
  vim.keymap.set("i", "<Plug>(sync)", function()
    return ("x"):rep(n)
  end, { expr = true })
  vim.uv.sleep(1e8)
end, {}, { callbacks = "sync" })
wait_for(function()
  thread:sync()
  return fns.forever and vim.fn.maparg("<Plug>(sync)", "i") ~= ""
end, "the functions arrive")
local a, b, n = fns.square(7)
assert(a == 49 and b == nil and n == 11)
local name, lines, n = fns.ask(0)
assert(name == "" and lines == 1 and n == 12)
local problem = { "identity" }
local ok, caught = pcall(fns.fail, problem)
assert(not ok and caught == problem, vim.inspect(caught))
local ok, caught = pcall(fns.fail, "words")
assert(not ok and caught:match("placements.lua:%d+: words$"), caught)
assert(fns.again(3) == 3)
-- An expression mapping needs the value at once.
vim.api.nvim_feedkeys(vim.keycode("i<Plug>(sync)<Esc>"), "xt", false)
assert(vim.api.nvim_get_current_line() == ("x"):rep(14), vim.api.nvim_get_current_line())

-- Killed while main waits for it: an error, at once.
vim.uv.new_timer():start(50, 0, function()
  thread:kill()
end)
local ok, problem = pcall(fns.forever)
assert(not ok and tostring(problem):match("ended"), problem)
wait_for(function()
  return #sandbox.list() == 0
end, "it ends")
local ok, problem = pcall(fns.square, 2)
assert(not ok and problem:match("has ended"), problem)
