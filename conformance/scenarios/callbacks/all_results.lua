--- A callback returns all its results, also when another callback calls it and when its thread has ended.
local scenario = ...

local thread = scenario.start(function()
  scenario.callback("inner", function(...) return select("#", ...), nil, ... end)
  scenario.callback("outer", function(...) return scenario.fire("inner", ...) end)
  return select("#", scenario.fire("outer", 1, nil))
end)
local ok, count = thread:join()
assert(ok, count)
assert(count == 4, count)
local function check(...)
  assert(select("#", ...) == 4)
  local a, b, c, d = ...
  assert(a == 2 and b == nil and c == "x" and d == nil)
end
check(scenario.fire("inner", "x", nil))
check(scenario.fire("outer", "x", nil))
