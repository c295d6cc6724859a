--- The module that users of threading.nvim know, with its README's example.
local threading = require("threading")
local printed = {}
local original = print
print = function(...) printed[#printed + 1] = table.concat(vim.tbl_map(tostring, { ... }), " ") end

local thread = threading.start(function(param1, param2)
  vim.uv.sleep(50)
  print(vim.api.nvim_get_current_buf(), param1, param2)
  local a = 0
  vim.keymap.set("n", "<Leader>test", function()
    a = a + 1
    print(a)
    return nil
  end)
end, { "param1", "param2" })
vim.wait(5000, function() return vim.fn.maparg("<Leader>test", "n") ~= "" end)
for _ = 1, 3 do
  vim.api.nvim_feedkeys(vim.keycode("<Leader>test"), "xt", false)
end
vim.wait(5000, function() return #printed >= 4 end)
print = original
assert(printed[1] == "1 param1 param2", vim.inspect(printed))
assert(printed[2] == "1" and printed[3] == "2" and printed[4] == "3", vim.inspect(printed))
assert(threading.is_running(thread))
threading.stop(thread)
assert(vim.wait(5000, function() return not threading.is_running(thread) end))

-- `is_running` says no only when nothing runs any more.
local busy = threading.start(function() while true do end end)
vim.wait(20)
threading.stop(busy)
local stopped = vim.wait(5000, function() return not threading.is_running(busy) end)
assert(stopped)
