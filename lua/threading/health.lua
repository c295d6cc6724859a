--- `:checkhealth threading`: whether the library is there and fits, and whether threads run.

local M = {}

function M.check()
  local health = vim.health
  health.start("threading: Neovim")
  if vim.fn.has("nvim-0.10") == 1 then
    health.ok("version " .. tostring(vim.version()))
  else
    health.error("Neovim 0.10 or later is needed")
  end
  if jit then
    health.ok(jit.version)
  else
    health.error("this Neovim is built without LuaJIT")
    return
  end
  health.start("threading: native library")
  local library = require("threading.native")
  local native, problem = library.load()
  if not native then
    local lines = vim.split(problem or "", "\n")
    health.error(lines[1], { unpack(lines, 2) })
    return
  end
  health.ok("loaded from " .. library.path)
  health.ok(("version %s, protocol %d"):format(native.version, native.protocol))
  health.start("threading: threads")
  local sandbox = require("threading.sandbox")
  local start = vim.uv.hrtime()
  local ok, started, answer = pcall(function()
    return sandbox.start(function(a, b)
      return a + b
    end, { 20, 22 }, { name = "checkhealth" }):join(2000)
  end)
  if ok and started and answer == 42 then
    health.ok(("a thread started and answered in %.1f ms"):format((vim.uv.hrtime() - start) / 1e6))
  else
    health.error("a thread did not answer: " .. tostring(ok and answer or started))
  end
  local threads = sandbox.list()
  health.info(("%d running"):format(#threads))
  for _, thread in ipairs(threads) do
    health.info(("%d %s: %s"):format(thread.id, thread.name, thread:status()))
  end
end

return M
