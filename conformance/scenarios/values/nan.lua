--- NaN stays a number that differs from itself.
local scenario = ...

local nan = 0 / 0
local back = scenario.run(function(x)
  assert(x ~= x and nan ~= nan and type(nan) == "number")
  return nan
end, nan)
assert(back ~= back and type(back) == "number")
