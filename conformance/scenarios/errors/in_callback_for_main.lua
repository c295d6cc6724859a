--- An error in a callback that main calls is main's to catch; the thread goes on.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("fail", function() n = n + 1; error("in the callback") end)
  scenario.pause()
  return n
end)
thread:step()
local ok, why = pcall(scenario.fire, "fail")
assert(not ok and why:match("in the callback"))
local ok, n = thread:join()
assert(ok and n == 1)
