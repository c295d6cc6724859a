--- The README's example in a real Neovim, with keys typed from outside: run by `cargo demo`.
---
--- This script runs in one Neovim (`nvim -l`) and drives a second one (`nvim --embed`), which has the plugin.
local root = arg[1] or error("which repository?")

local screen = vim.fn.jobstart({
  vim.env.NVIM_UNDER_TEST,
  "--clean",
  "--embed",
  "--headless",
  "--cmd",
  "set runtimepath^=" .. vim.fn.fnameescape(root),
}, { rpc = true })
assert(screen > 0, "the second Neovim does not start")

local function lua(code, ...)
  return vim.rpcrequest(screen, "nvim_exec_lua", code, { ... })
end

local function wait_for(what, code)
  local ok = vim.wait(15000, function()
    return lua(code)
  end, 20)
  if not ok then
    io.stderr:write("demo: timed out waiting for " .. what .. "\n" .. lua("return vim.fn.execute('messages')") .. "\n")
    os.exit(1)
  end
end

io.write("Neovim ", tostring(vim.version()), ", keys typed into `nvim --embed`\n\n")

lua([[
  -- The longest time that the main loop did not turn.
  Longest, Ticks = 0, 0
  local last = vim.uv.hrtime()
  vim.uv.new_timer():start(0, 1, function()
    local now = vim.uv.hrtime()
    Longest, Ticks, last = math.max(Longest, now - last), Ticks + 1, now
  end)
  -- What reaches the user.
  Printed = {}
  local original = print
  print = function(...)
    Printed[#Printed + 1] = table.concat(vim.tbl_map(tostring, { ... }), " ")
    original(...)
  end
]])

lua([[
  local threading = require("threading")

  Thread = threading.start(function(param1, param2)
    -- does not block the main thread
    vim.uv.sleep(1000)

    -- the API is there
    print(vim.api.nvim_get_current_buf())

    local a = 0
    vim.keymap.set("n", "<Leader>test", function()
      a = a + 1
      print(a)
      return nil
    end)

    while a < 3 do
      vim.uv.sleep(10)
    end
    print(("the thread (%s, %s) sees a = %d"):format(param1, param2, a))
  end, { "param1", "param2" })
]])

wait_for("the keymap", [[return vim.fn.maparg("<Leader>test", "n") ~= ""]])
local longest, ticks = unpack(lua("return { Longest, Ticks }"))
for _ = 1, 3 do
  vim.rpcrequest(screen, "nvim_input", "\\test")
end
wait_for("the thread", [[return Printed[#Printed]:match("^the thread") ~= nil]])

for _, line in ipairs(lua("return Printed")) do
  io.write("  ", line, "\n")
end
io.write(("\nwhile the thread slept for 1000 ms the main loop turned %d times,"):format(ticks))
io.write((" at most %.1f ms apart\n"):format(longest / 1e6))
vim.fn.jobstop(screen)
