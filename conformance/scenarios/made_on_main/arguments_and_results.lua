--- Arguments and results pass a function made by a callback as they are, nils included.
local scenario = ...

local thread = scenario.start(function()
  scenario.callback("make", function()
    return function(...) return select("#", ...), ... end, function(a, b) return b, a end, function() end
  end)
  scenario.pause()
end)
thread:step()
local all, swap, none = scenario.fire("make")
local n, a, b, c = all(nil, 2, nil)
assert(n == 3 and a == nil and b == 2 and c == nil)
assert(select("#", all(nil, nil)) == 3)
local x, y = swap(1, nil)
assert(x == nil and y == 1)
assert(select("#", none(1, 2, 3)) == 0)
assert(thread:join())
