--- A weak table has its entries on main as long as the thread has their keys, whatever main has collected.
local scenario = ...

local weak = setmetatable({}, { __mode = "k" })
scenario.run(function()
  local key = {}
  weak[key] = 1
  scenario.on_main(function() weak.n = 1 end)
  scenario.collect()
  scenario.collect()
  assert(weak[key] == 1)
  scenario.on_main(function() assert(weak[key] == 1) end)
end)
