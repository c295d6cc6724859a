--- A parameter of the enclosing function is a variable like any other.
local scenario = ...

local function make(count)
  return function() count = count + 1 end, function() return count end
end
local increment, get = make(5)
scenario.run(function() increment(); increment() end)
assert(get() == 7)
