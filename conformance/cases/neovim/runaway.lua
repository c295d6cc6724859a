--- Code that never ends: the editor stays responsive, `kill` ends it at once, `cancel` can be seen.
local sandbox = require("threading.sandbox")

local thread = sandbox.start(function()
  while true do
  end
end)
assert(thread:is_running() and thread:status() == "running", thread:status())
local ticks = 0
local timer = vim.uv.new_timer()
timer:start(1, 1, function()
  ticks = ticks + 1
end)
assert(vim.wait(10000, function() return ticks > 20 end, 5), ticks)
assert(thread:is_running())
timer:close()
thread:kill()
local ok, why = thread:join(10000)
assert(ok == false and tostring(why):match("killed"), tostring(why))
assert(not thread:is_running())
assert(thread:status() == "killed", thread:status())

-- A pcall in the way does not help.
local thread = sandbox.start(function()
  while true do
    pcall(function()
      while true do
      end
    end)
  end
end)
vim.wait(20)
thread:kill()
assert(thread:join(10000) == false)

-- Cancelling raises an error that the body can see once, to clean up.
local cleaned = false
local thread = sandbox.start(function()
  local ok, reason = pcall(function()
    while true do
      vim.uv.sleep(1000)
    end
  end)
  cleaned = true
  error(reason)
end)
vim.wait(20)
thread:cancel("enough")
local ok, reason = thread:join(10000)
assert(ok == false and tostring(reason):match("enough"), tostring(reason))
assert(cleaned)
assert(thread:status() == "cancelled", thread:status())

for name, options in pairs({
  ["out of fuel"] = { fuel = 1e6 },
  ["timed out"] = { timeout = 50 },
  ["out of memory"] = { memory = 8 * 1024 * 1024 },
}) do
  local thread = sandbox.start(function()
    local t = {}
    while true do
      pcall(function()
        t[#t + 1] = { #t }
        if name ~= "out of memory" and #t > 1000 then
          t = {}
        end
      end)
    end
  end, {}, options)
  local ok, why = thread:join(10000)
  assert(ok == false, name)
  vim.wait(10000, function() return not thread:is_running() end)
  assert(thread:status() == name, thread:status() .. " is not " .. name)
end
