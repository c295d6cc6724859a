--- A value of one thread is used by another, through main.
local scenario = ...

local shared = {}
local first = scenario.start(function()
  local n = 0
  local u = newproxy(true)
  getmetatable(u).__index = function(_, k) n = n + 1; return k .. n end
  shared.u = u
  scenario.pause()
  assert(n == 1)
end)
first:step()
scenario.run(function()
  local u = shared.u
  assert(scenario.on_main(function() return u.field end) == "field1")
end)
assert(first:join())
