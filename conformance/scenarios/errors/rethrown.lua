--- An error that is caught and thrown again keeps its identity through both sides.
local scenario = ...

local token = {}
local ok, why = scenario.start(function()
  local ok, e = pcall(scenario.on_main, function() error(token) end)
  assert(not ok and e == token)
  error(e)
end):join()
assert(not ok and why == token)
