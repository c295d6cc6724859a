--- A closure three levels deep shares the variable of the outermost.
local scenario = ...

local x = 0
local function a()
  return function()
    return function() x = x + 1; return x end
  end
end
scenario.run(function()
  assert(a()()() == 1)
  assert(a()()() == 2)
end)
assert(a()()() == 3)
