--- Typing into a Neovim whose thread never ends: keys are handled at once, and a mapping of the thread runs.
local nvim = vim.fn.jobstart({
  vim.env.NVIM_UNDER_TEST, "--clean", "--embed", "--headless",
  "--cmd", "set runtimepath^=" .. vim.o.runtimepath:match("^[^,]+"),
}, { rpc = true })
local function request(...)
  return vim.rpcrequest(nvim, ...)
end
local function lua(code, ...)
  return request("nvim_exec_lua", code, { ... })
end

lua([[
  local sandbox = require("threading.sandbox")
  local counted = 0
  Busy = sandbox.start(function()
    vim.keymap.set("n", "gx", function()
      counted = counted + 1
      vim.api.nvim_set_current_line(("pressed %d"):format(counted))
    end)
    vim.g.ready = 1
    while true do end
  end)
]])
assert(vim.wait(10000, function() return lua("return vim.g.ready == 1") end, 10))

-- A key and its effect, a hundred times.
local worst, total = 0, 0
for i = 1, 100 do
  local before = vim.uv.hrtime()
  request("nvim_input", "gx")
  assert(request("nvim_get_current_line") == ("pressed %d"):format(i), request("nvim_get_current_line"))
  local took = (vim.uv.hrtime() - before) / 1e6
  worst, total = math.max(worst, took), total + took
end
assert(total / 100 < 1000, ("a key took %.1f ms on average, %.1f at worst"):format(total / 100, worst))

request("nvim_input", "ihello<Esc>")
assert(vim.wait(2000, function() return request("nvim_get_current_line"):match("hello") end))
local took, status = unpack(lua([[
  local before = vim.uv.hrtime()
  Busy:kill()
  Busy:join(20000)
  return { (vim.uv.hrtime() - before) / 1e6, Busy:status() }
]]))
assert(took < 10000 and status == "killed", took .. " " .. status)
-- The mapping goes on working, detached.
request("nvim_input", "gx")
assert(vim.wait(2000, function() return request("nvim_get_current_line") == "pressed 101" end))
vim.fn.jobstop(nvim)
