--- A closure that refers to itself and its siblings survives collections on both sides.
local scenario = ...

local thread = scenario.start(function()
  local a, b
  local n = 0
  a = function(x) n = n + 1; return x == 0 and n or b(x - 1) end
  b = function(x) n = n + 1; return x == 0 and n or a(x - 1) end
  scenario.callback("a", a)
  scenario.pause()
  a, b = a, b
  scenario.collect()
  return a(1)
end)
thread:step()
scenario.collect()
assert(scenario.fire("a", 3) == 4)
local ok, n = thread:join()
assert(ok and n == 6)
