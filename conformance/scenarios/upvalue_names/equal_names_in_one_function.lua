--- A function that captures two variables of one name through its helpers keeps both.
local scenario = ...

local get_first, get_second, both
do
  local v = 1
  get_first = function() v = v + 1; return v end
end
do
  local v = 100
  get_second = function() v = v + 1; return v end
end
both = function() return get_first(), get_second() end
local a, b = scenario.run(both)
assert(a == 2 and b == 101)
a, b = both()
assert(a == 3 and b == 102)
