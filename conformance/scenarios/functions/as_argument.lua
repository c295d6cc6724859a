--- A function given as an argument can be called by the other side.
local scenario = ...

local log = {}
scenario.run(function(f)
  assert(f(1) == 2 and f(2) == 4)
end, function(x) log[#log + 1] = x; return x * 2 end)
assert(#log == 2 and log[2] == 2)
