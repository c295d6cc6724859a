--- Callbacks handed to Neovim run natively on main, with the thread's variables.
local sandbox = require("threading.sandbox")

local thread = sandbox.start(function()
  local pressed = 0
  vim.keymap.set("n", "<Plug>(threading-test)", function()
    pressed = pressed + 1
    vim.g.threading_pressed = pressed
  end)
  vim.api.nvim_create_user_command("ThreadingTest", function(opts)
    vim.g.threading_command = opts.args .. (vim.is_thread and tostring(vim.is_thread()) or "false")
  end, { nargs = 1 })
  local seen
  vim.api.nvim_create_autocmd("User", {
    pattern = "ThreadingTest",
    callback = function(event)
      seen = event.match
      return true
    end,
  })
  vim.api.nvim_exec_autocmds("User", { pattern = "ThreadingTest" })
  assert(seen == "ThreadingTest", "a callback that runs inside a host call writes the thread's variable")
  vim.defer_fn(function()
    seen = "deferred"
  end, 10)
  while seen ~= "deferred" do
    vim.uv.sleep(5)
  end
  -- A callback whose value Neovim needs.
  local map = vim.fn.map({ 1, 2, 3 }, function(_, x)
    return x * x
  end)
  assert(map[3] == 9)
  while pressed < 3 do
    vim.uv.sleep(5)
  end
  return pressed
end)
assert(vim.wait(5000, function()
  return vim.fn.maparg("<Plug>(threading-test)", "n") ~= "" and vim.fn.exists(":ThreadingTest") == 2
end))
for _ = 1, 3 do
  vim.api.nvim_feedkeys(vim.keycode("<Plug>(threading-test)"), "xt", false)
end
local ok, pressed = thread:join(5000)
assert(ok, pressed)
assert(pressed == 3)
assert(vim.g.threading_pressed == 3)
vim.cmd("ThreadingTest hello")
assert(vim.g.threading_command:match("^hello"))

-- Values returned by callbacks arrive, however the function returns them.
local ok, f = sandbox
  .start(function()
    local a, b = "x", "y"
    local function count(n)
      return n == 0 and 0 or count(n - 1)
    end
    return { join = function() return a .. b end, tail = function(n) return count(n) end }
  end)
  :join(5000)
assert(ok, f)
assert(f.join() == "xy" and f.tail(3) == 0)
