--- A callback with many variables, branches and loops around the functions that it makes computes the same.
local scenario = ...

local thread = scenario.start(function()
  local log = {}
  scenario.callback("make", function(n, ...)
    local a, b, c, d, e = 1, 2, 3, 4, 5
    local made, first = {}, (...)
    local chosen = n > 2 and function() return "big" end or n == 2 and "two" or function() return "small" end
    for i = n, 1, -1 do
      if i % 2 == 0 then
        made[#made + 1] = function() log[#log + 1] = i; return a + i end
      else
        repeat
          local k = i
          made[#made + 1] = function(...) a = a + 1; return k, b, select("#", ...) end
        until true
      end
    end
    for key, value in pairs({ x = c, y = d }) do
      made[key] = function() return value + e end
    end
    local rest = { n = select("#", ...), ... }
    return made, chosen, function() return first, rest.n, a end
  end)
  scenario.pause()
  return #log, log[1], log[2]
end)
thread:step()
local made, chosen, last = scenario.fire("make", 4, "one", nil, "three")
assert(chosen() == "big" and #made == 4)
assert(made[1]() == 5)
local k, b, count = made[2](nil, nil)
assert(k == 3 and b == 2 and count == 2)
assert(made[3]() == 4)
assert(made.x() == 8 and made.y() == 9)
local first, n, a = last()
assert(first == "one" and n == 3 and a == 2)
local _, two = scenario.fire("make", 2)
assert(two == "two")
local _, small = scenario.fire("make", 1)
assert(small() == "small")
local ok, n, x, y = thread:join()
assert(ok and n == 2 and x == 4 and y == 2)
