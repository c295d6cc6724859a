--- An operator that a userdata does not have is an error on the other side too.
local scenario = ...

local function refuses(u)
  assert(not pcall(function() return u + 1 end) and not pcall(function() return u.x end))
  assert(not pcall(function() u.x = 1 end) and not pcall(function() return u() end))
  assert(not pcall(function() return u < u end) and not pcall(function() return u .. "" end))
  assert(u == u)
end
local u, v = newproxy(true), newproxy(true)
scenario.run(function()
  refuses(u)
  assert(u ~= v)
  local own, other = newproxy(true), newproxy(true)
  scenario.on_main(function() refuses(own); assert(own ~= other) end)
end)
