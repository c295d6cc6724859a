--- 64-bit integers cross by value.
local scenario = ...

local x = 9007199254740993LL
local back = scenario.run(function(y)
  assert(x == 9007199254740993LL and y == 1ULL)
  x = x + 1
  return -1LL
end, 1ULL)
assert(x == 9007199254740994LL and back == -1LL)
