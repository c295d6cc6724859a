--- A function run in the living thread shares its variables with the body and main.
local scenario = ...

local x = 0
local thread = scenario.start(function()
  x = x + 1
  scenario.pause()
  return x
end)
thread:step()
local ok, seen = thread:call(function(by) x = x + by; return x end, 10):join()
assert(ok and seen == 11 and x == 11)
local ok, last = thread:join()
assert(ok and last == 11)
