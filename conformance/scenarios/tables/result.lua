--- A table that the thread returns can be written by main and read by the thread.
local scenario = ...

local thread = scenario.start(function()
  local t = { "made in the thread" }
  scenario.callback("get", function() return t end)
  scenario.pause()
  return t, t[2]
end)
thread:step()
local t = scenario.fire("get")
t[2] = "by main"
local ok, same, second = thread:join()
assert(ok and same == t and second == "by main")
