--- xpcall in the thread runs its handler, whose writes are shared.
local scenario = ...

local seen
scenario.run(function()
  local ok, result = xpcall(function() error("x", 0) end, function(e) seen = e; return "handled" end)
  assert(not ok and result == "handled")
end)
assert(seen == "x")
