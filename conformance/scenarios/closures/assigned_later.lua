--- A function assigned to a shared variable later crosses like one that was there.
local scenario = ...

local hook
local thread = scenario.start(function()
  scenario.pause()
  return hook(20)
end)
thread:step()
local factor = 2
hook = function(x) factor = factor + 1; return x * factor end
local ok, product = thread:join()
assert(ok and product == 60 and factor == 3)
