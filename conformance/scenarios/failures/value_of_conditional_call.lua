--- A callback `return n == 0 and 0 or f(n - 1)` has a value (threading.nvim: lost).
local scenario = ...

local thread = scenario.start(function()
  local function f(n) return n == 0 and 0 or f(n - 1) end
  scenario.callback("f", f)
  scenario.pause()
end)
thread:step()
assert(scenario.fire("f", 3) == 0)
assert(thread:join())
