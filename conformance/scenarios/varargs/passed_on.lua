--- Varargs passed on through both sides keep order and number.
local scenario = ...

local function tail(_, ...) return ... end
local a, b, c = scenario.run(function(...)
  return scenario.on_main(function(...) return tail(...) end, ...)
end, 1, 2, nil, 4)
assert(a == 2 and b == nil and c == 4)
