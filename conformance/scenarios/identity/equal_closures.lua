--- Two closures of one prototype over one variable are two functions, also on the other side.
local scenario = ...

local x = 0
local function make() return function() x = x + 1 end end
local f, g = make(), make()
local a, b = scenario.run(function()
  f()
  g()
  return f, g
end)
assert(a == f and b == g and a ~= b and x == 2)
