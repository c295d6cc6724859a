--- An object is the same after both sides have collected garbage.
local scenario = ...

local t = {}
local thread = scenario.start(function(x)
  scenario.collect()
  scenario.pause()
  scenario.collect()
  return x == t, x
end, t)
thread:step()
scenario.collect()
local ok, same, back = thread:join()
assert(ok and same and back == t)
