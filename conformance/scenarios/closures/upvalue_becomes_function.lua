--- A number that becomes a function is called as one.
local scenario = ...

local x = 1
scenario.run(function()
  assert(x == 1)
  x = function() return "called" end
end)
assert(x() == "called")
