--- thread:sync hands over main's writes and shows the thread's.
local scenario = ...

local x, y = 0, 0
local thread = scenario.start(function()
  x = 1
  scenario.pause()
  return y
end)
thread:step()
assert(x == 1)
y = 2
thread:sync()
local ok, seen = thread:join()
assert(ok and seen == 2)
