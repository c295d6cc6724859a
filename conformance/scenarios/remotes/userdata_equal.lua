--- Two userdata of main with __eq are compared by it in the thread.
local scenario = ...

local mt
local function new()
  local u = newproxy(mt or true)
  mt = mt or u
  return u
end
local a, b = new(), new()
getmetatable(a).__eq = function() return true end
assert(scenario.run(function() return a == b end) == true)
