--- A callback `return a .. b` has a value (threading.nvim: lost).
local scenario = ...

local thread = scenario.start(function()
  local a, b = "con", "cat"
  scenario.callback("join", function() return a .. b end)
  scenario.pause()
end)
thread:step()
assert(scenario.fire("join") == "concat")
assert(thread:join())
