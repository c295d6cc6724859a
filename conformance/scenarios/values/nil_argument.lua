--- A nil argument in the middle arrives as one, and counts.
local scenario = ...

scenario.run(function(...)
  assert(select("#", ...) == 3)
  local a, b, c = ...
  assert(a == 1 and b == nil and c == 3)
end, 1, nil, 3)
