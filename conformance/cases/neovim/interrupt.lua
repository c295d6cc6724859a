--- Ctrl-C ends the wait of main for a callback that runs in its thread (placement "sync"), and nothing else.
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
  Fns, Cleaned = {}, 0
  local fns = Fns
  Thread = sandbox.start(function()
    local turns, cleaned = 0, 0
    fns.forever = function()
      local ok, problem = pcall(function()
        while true do turns = turns + 1 end
      end)
      cleaned = cleaned + 1
      error(problem, 0)
    end
    fns.sleep = function() vim.uv.sleep(1e8) end
    fns.turns = function() return turns, cleaned end
    vim.uv.sleep(1e8)
  end, {}, { callbacks = "sync" })
  vim.keymap.set("n", "gf", function()
    Result = nil
    local ok, problem = pcall(Fns.forever)
    Result = tostring(problem)
  end)
  vim.keymap.set("n", "gs", function()
    Result = nil
    local ok, problem = pcall(Fns.sleep)
    Result = tostring(problem)
  end)
]])
assert(vim.wait(10000, function()
  return lua("Thread:sync(); return Fns.turns ~= nil")
end, 10))

for _, key in ipairs({ "gf", "gs", "gf" }) do
  lua("Result = nil")
  request("nvim_input", key)
  vim.wait(200, function() return false end)
  local before = vim.uv.hrtime()
  request("nvim_input", "<C-c>")
  assert(vim.wait(5000, function()
    return lua("return Result ~= nil")
  end, 5), "the wait goes on")
  assert((vim.uv.hrtime() - before) / 1e6 < 2000, "Ctrl-C takes long")
  local result = lua("return Result")
  assert(result:match("interrupted"), result)
end
-- The thread lives and answers; what ran was cancelled, and could clean up.
assert(vim.wait(5000, function()
  local turns, cleaned = unpack(lua("return { Fns.turns() }"))
  return turns > 0 and cleaned == 2
end, 10), vim.inspect(lua("return { Fns.turns() }")))
assert(lua("return Thread:is_running()") == true)
vim.fn.jobstop(nvim)
