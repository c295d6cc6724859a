--- A hundred coroutines of the thread interleave on one shared counter.
local scenario = ...

local n = 0
scenario.run(function()
  local all = {}
  for i = 1, 100 do
    all[i] = coroutine.wrap(function() for _ = 1, 3 do n = n + 1; coroutine.yield() end end)
  end
  for _ = 1, 3 do
    for i = 1, 100 do all[i]() end
  end
end)
assert(n == 300)
