--- A function of main that only the thread still holds works, with its variable.
local scenario = ...

local n = 0
local function get() return n end
local f = function() n = n + 1; return n end
local thread = scenario.start(function(g)
  scenario.pause()
  scenario.collect()
  return g() + g()
end, f)
thread:step()
f = nil
scenario.collect()
local ok, sum = thread:join()
assert(ok and sum == 3 and get() == 2)
