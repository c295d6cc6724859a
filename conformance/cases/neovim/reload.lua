--- The plugin loaded again: threads of before go on, handles fit both, and nothing is set up twice.
local before = require("threading.sandbox")
local n = 0
local old = before.start(function()
  vim.keymap.set("n", "gz", function() n = n + 1 end)
  vim.uv.sleep(60000)
end)
assert(vim.wait(5000, function() return vim.fn.maparg("gz", "n") ~= "" end))

for round = 1, 3 do
  for name in pairs(package.loaded) do
    if name:find("^threading") then
      package.loaded[name] = nil
    end
  end
  local after = require("threading.sandbox")
  assert(after ~= before)
  local counted = 0
  local ok, got, running = after.start(function()
    vim.schedule(function() counted = counted + 1 end)
    vim.uv.sleep(20)
    return counted, tostring(old)
  end):join(5000)
  assert(ok and got == 1 and running:find("thread " .. old.id), tostring(got))
  vim.api.nvim_feedkeys("gz", "xt", false)
  assert(n == round and old:status() == "waiting", n)
  assert(vim.list_contains(after.list(), old) and vim.list_contains(before.list(), old))
end
assert(require("threading.sandbox").stop_all(5000) and old:status() == "killed")
assert(#before.list() == 0)

-- The module for code written for threading.nvim says what it takes.
local threading = require("threading")
for _, wrong in ipairs({ false, 5, {} }) do
  for _, name in ipairs({ "stop", "is_running" }) do
    local ok, problem = pcall(function() local _ = threading[name](wrong) end)
    assert(not ok and problem:find(("reload.lua:%%d+: threading: %s takes a thread"):format(name)), problem)
  end
end
