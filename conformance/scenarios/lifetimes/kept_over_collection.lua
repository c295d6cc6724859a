--- A function and a table of the thread that main keeps over collections are the same when they come back.
local scenario = ...

local kept, list
scenario.run(function()
  local function f() return 7 end
  local t = { f }
  scenario.on_main(function(g, u) kept, list = g, u end, f, t)
  for _ = 1, 3 do scenario.collect() end
  local g, u = scenario.on_main(function() return kept, list end)
  assert(g == f and u == t and u[1] == f and g() == 7)
end)
assert(kept() == 7 and list[1] == kept)
