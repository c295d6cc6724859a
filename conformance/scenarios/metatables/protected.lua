--- __metatable hides the metatable on both sides.
local scenario = ...

local t = setmetatable({}, { __metatable = "locked", __index = { x = 1 } })
scenario.run(function()
  assert(getmetatable(t) == "locked" and t.x == 1)
  assert(not pcall(setmetatable, t, {}))
end)
