--- A metatable set after the table has crossed arrives.
local scenario = ...

local t = {}
local thread = scenario.start(function()
  scenario.pause()
  assert(t.missing == "default")
  setmetatable(t, { __index = { missing = "changed" } })
end)
thread:step()
setmetatable(t, { __index = { missing = "default" } })
assert(thread:join())
assert(t.missing == "changed")
