--- A table given to a callback is main's own.
local scenario = ...

local t = { n = 1 }
local thread = scenario.start(function()
  scenario.callback("change", function(x) x.n = x.n + 1; return x end)
  scenario.pause()
end)
thread:step()
assert(scenario.fire("change", t) == t and t.n == 2)
assert(thread:join())
