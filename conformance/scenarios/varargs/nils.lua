--- select('#') counts trailing nils in both directions.
local scenario = ...

local function count(...) return select("#", ...) end
scenario.run(function(...)
  assert(select("#", ...) == 4)
  assert(count(...) == 4)
  assert(scenario.on_main(function(...) return select("#", ...) end, nil, nil) == 2)
end, nil, nil, nil, nil)
