--- A userdata of the thread can be indexed by a callback.
local scenario = ...

scenario.run(function()
  local u = newproxy(true)
  getmetatable(u).__index = function(_, k) return k .. "?" end
  assert(scenario.on_main(function() return u.field end) == "field?")
end)
