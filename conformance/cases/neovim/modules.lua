--- Loaded modules that a thread captures: an instance of its own by default, main's with `modules = "shared"`.
local sandbox = require("threading.sandbox")

local dir = vim.fn.tempname()
vim.fn.mkdir(dir .. "/lua/counting", "p")
vim.fn.writefile({
  "local M = { count = 0, log = {} }",
  "local private = 0",
  "function M.up() M.count = M.count + 1; private = private + 1; M.log[#M.log + 1] = private; return private end",
  "return M",
}, dir .. "/lua/counting/init.lua")
vim.fn.writefile({
  "local counting = require('counting')",
  "return { twice = function() counting.up(); return counting.up() end, counting = counting }",
}, dir .. "/lua/counting/user.lua")
vim.opt.runtimepath:prepend(dir)

local counting = require("counting")
local user = require("counting.user")
assert(counting.up() == 1)

-- Its own: main's state stays as it is.
local ok, private, count, own = sandbox
  .start(function()
    local private = counting.up()
    return private, counting.count, counting == require("counting")
  end)
  :join(5000)
assert(ok and private == 1 and count == 1 and own == true, private)
assert(counting.count == 1)

-- Shared: one module, one private variable, whatever is reached through it.
local shared
local thread = sandbox.start(function()
  local private = counting.up()
  assert(private == 2 and counting.count == 2)
  assert(user.twice() == 4 and user.counting == counting)
  counting.added = function()
    return counting.count
  end
  shared = true
  while counting.count < 5 do
    vim.uv.sleep(1)
  end
  return counting.count, #counting.log
end, {}, { modules = "shared" })
assert(vim.wait(5000, function()
  thread:sync()
  return shared
end, 1))
assert(counting.count == 4 and #counting.log == 4 and counting.log[4] == 4)
assert(require("counting") == counting and counting.added() == 4)
assert(counting.up() == 5)
thread:sync()
local ok, count, length = thread:join(5000)
assert(ok and count == 5 and length == 5, count)
assert(user.twice() == 7 and counting.added() == 7)
vim.fn.delete(dir, "rf")
