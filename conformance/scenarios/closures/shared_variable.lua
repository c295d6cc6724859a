--- Two closures over one variable go on sharing it on the other side.
local scenario = ...

local x = 0
local function increment() x = x + 1 end
local function get() return x end
scenario.run(function()
  increment()
  assert(get() == 1)
end)
assert(get() == 1)
increment()
assert(x == 2)
