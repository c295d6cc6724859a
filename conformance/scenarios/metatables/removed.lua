--- A metatable that is removed is removed on the other side.
local scenario = ...

local t = setmetatable({}, { __index = { x = 1 } })
scenario.run(function()
  assert(t.x == 1)
  setmetatable(t, nil)
end)
assert(t.x == nil and getmetatable(t) == nil)
