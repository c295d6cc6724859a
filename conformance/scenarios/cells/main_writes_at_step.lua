--- What main writes while the thread is paused is there when it goes on.
local scenario = ...

local x = 1
local thread = scenario.start(function()
  scenario.pause()
  return x
end)
thread:step()
x = 7
local ok, seen = thread:join()
assert(ok and seen == 7)
