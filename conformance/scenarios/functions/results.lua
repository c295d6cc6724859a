--- All results of a function that runs on main come back, whatever their number.
local scenario = ...

scenario.run(function()
  local function count(...) return select("#", ...) end
  assert(count(scenario.on_main(function() end)) == 0)
  assert(count(scenario.on_main(function() return nil end)) == 1)
  assert(count(scenario.on_main(function() return 1, nil, nil end)) == 3)
end)
