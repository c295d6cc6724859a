--- What a callback creates on main and hands to Neovim runs parked, and so does main's own function that a thread hands over.
local cached_yield = coroutine.yield
local sandbox = require("threading.sandbox")

local n, stop = 0, false
local own_runs = 0
local function own()
  own_runs = own_runs + 1
  n = n + 1
end

local thread = sandbox.start(function()
  vim.keymap.set("n", "<Plug>(own)", own)
  vim.run_on_main_thread(function()
    local presses = 0
    vim.keymap.set("n", "<Plug>(made)", function()
      presses = presses + 1
      n = n + 1
    end)
    vim.api.nvim_create_autocmd("User", {
      pattern = "Made",
      callback = function()
        n = n + 1
        vim.schedule(function()
          n = n + 1
        end)
      end,
    })
    vim.api.nvim_create_user_command("MadeStop", function()
      stop = presses
    end, {})
  end)
  local turns = 0
  while not stop do
    turns = turns + 1
    n = n + 1
  end
  return turns, n
end)
assert(vim.wait(5000, function()
  return vim.fn.exists(":MadeStop") == 2
end, 1))
for _ = 1, 100 do
  vim.api.nvim_feedkeys(vim.keycode("<Plug>(made)"), "xt", false)
  vim.api.nvim_feedkeys(vim.keycode("<Plug>(own)"), "xt", false)
  vim.api.nvim_exec_autocmds("User", { pattern = "Made" })
  vim.wait(0)
end
vim.wait(20)
vim.cmd("MadeStop")
local ok, turns, seen = thread:join(10000)
assert(ok, turns)
assert(seen == turns + 400 and n == seen, ("%d turns, the thread has seen %d, main %d"):format(turns, seen, n))
assert(stop == 100 and own_runs == 100)
-- They go on working when the thread has ended.
vim.api.nvim_feedkeys(vim.keycode("<Plug>(made)"), "xt", false)
assert(n == seen + 1)

-- A function that is made on main says where it is from.
local made
local ok, problem = sandbox
  .start(function()
    vim.run_on_main_thread(function()
      made = function() -- line 64
        return n
      end
    end)
  end)
  :join(5000)
assert(ok, problem)
local info = debug.getinfo(made, "S")
assert(info.linedefined == 64 and info.lastlinedefined == 66 and info.short_src:match("made_on_main.lua$"))

-- A yield past our own, by a function that was taken before the plugin was loaded, gives the baton back at the next
-- turn of the main loop; the resumption takes part again with the next callback or at the end.
local before, after, fn = 0, 0, nil
local thread = sandbox.start(function()
  fn = function(yield)
    before = before + 1
    yield()
    after = after + 1
  end
  while after == 0 do
    vim.uv.sleep(1)
  end
  return before
end)
assert(vim.wait(5000, function()
  thread:sync()
  return fn
end, 1))
local co = coroutine.create(fn)
assert(coroutine.resume(co, cached_yield))
local ticks = 0
assert(vim.wait(5000, function()
  ticks = ticks + 1
  return ticks > 20 and thread:status() == "waiting"
end, 1), thread:status())
assert(coroutine.resume(co))
local ok, seen = thread:join(5000)
assert(ok and seen == 1 and after == 1, seen)

-- Nothing is left parked by coroutines that are collected while they are suspended.
local tick = 0
local hold
local thread = sandbox.start(function()
  hold = function(yield)
    yield()
  end
  while tick < 50 do
    tick = tick + 1
    vim.uv.sleep(1)
  end
end)
assert(vim.wait(5000, function()
  thread:sync()
  return hold
end, 1))
for _, yield in ipairs({ coroutine.yield, cached_yield }) do
  for _ = 1, 20 do
    coroutine.resume(coroutine.create(hold), yield)
  end
  collectgarbage()
end
local ok, problem = thread:join(5000)
assert(ok and tick == 50, problem)
