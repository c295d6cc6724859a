--- A callback on main may wait in a loop of its own: threads are served meanwhile, its own too.
local sandbox = require("threading.sandbox")

local ok, inner, waited = sandbox
  .start(function()
    return vim.run_on_main_thread(function()
      local ok, value = require("threading.sandbox")
        .start(function()
          return vim.api.nvim_get_current_buf() + 8
        end)
        :join(5000)
      local flag = false
      vim.defer_fn(function()
        flag = true
      end, 20)
      local waited = vim.wait(5000, function()
        return flag
      end)
      return ok and value, waited
    end)
  end)
  :join(20000)
assert(ok, inner)
assert(inner == 9 and waited == true)

-- A callback that triggers another callback of the same thread.
local order = {}
local thread = sandbox.start(function()
  vim.api.nvim_create_autocmd("User", {
    pattern = "ThreadingInner",
    callback = function()
      order[#order + 1] = "inner"
    end,
  })
  vim.api.nvim_create_autocmd("User", {
    pattern = "ThreadingOuter",
    callback = function()
      order[#order + 1] = "before"
      vim.api.nvim_exec_autocmds("User", { pattern = "ThreadingInner" })
      order[#order + 1] = "after"
    end,
  })
  vim.api.nvim_exec_autocmds("User", { pattern = "ThreadingOuter" })
  return table.concat(order, " ")
end)
local ok, seen = thread:join(5000)
assert(ok, seen)
assert(seen == "before inner after", seen)

-- A thread whose callback waits for the thread itself.
local thread
thread = sandbox.start(function()
  local done = false
  vim.schedule(function()
    vim.wait(2000, function() return done end, 5)
  end)
  vim.uv.sleep(30)
  done = true
  return "through"
end)
local ok, result = thread:join(5000)
assert(ok and result == "through", tostring(result))
