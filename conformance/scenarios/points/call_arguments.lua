--- thread:call hands over arguments by reference and nils as nils.
local scenario = ...

local thread = scenario.start(function() scenario.pause() end)
thread:step()
local t = {}
local ok, n, same = thread:call(function(...)
  local x = ...
  x.seen = true
  return select("#", ...), x
end, t, nil, nil):join()
assert(ok and n == 3 and same == t and t.seen)
assert(thread:join())
