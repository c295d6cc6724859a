--- A function variable that is replaced on either side is the new one on both.
local scenario = ...

local f = function() return "main" end
local thread = scenario.start(function()
  assert(f() == "main")
  f = function() return "thread" end
  scenario.pause()
  assert(f() == "main again")
end)
thread:step()
assert(f() == "thread")
f = function() return "main again" end
assert(thread:join())
