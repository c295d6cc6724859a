--- A function is the same key on both sides.
local scenario = ...

local handlers = {}
local function on_event() return "handled" end
handlers[on_event] = "name"
local f = scenario.run(function()
  assert(handlers[on_event] == "name")
  local g = function() return "g" end
  handlers[g] = "other"
  return g
end)
assert(handlers[f] == "other" and f() == "g")
