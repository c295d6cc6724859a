--- Leaving Neovim while sandboxes are busy is quick and clean.
local command = {
  vim.env.NVIM_UNDER_TEST, "--clean", "--headless",
  "--cmd", "set runtimepath^=" .. vim.o.runtimepath:match("^[^,]+"),
  "-c", [[lua
    local sandbox = require("threading.sandbox")
    for _ = 1, 4 do
      sandbox.start(function() while true do end end)
      sandbox.start(function() while true do vim.schedule(function() end) end end)
      sandbox.start(function() vim.uv.sleep(1e6) end)
    end
    vim.defer_fn(function() vim.cmd("qa!") end, 100)
  ]],
}
local before = vim.uv.hrtime()
local result = vim.system(command, { timeout = 20000 }):wait()
local took = (vim.uv.hrtime() - before) / 1e6
assert(result.code == 0 and result.signal == 0, vim.inspect(result))
assert(took < 10000, took)
