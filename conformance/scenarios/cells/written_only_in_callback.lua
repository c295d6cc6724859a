--- A variable that only the callback writes is seen by the thread.
local scenario = ...

local ok, seen = scenario.start(function()
  local x = "old"
  scenario.on_main(function() x = "new" end)
  return x
end):join()
assert(ok and seen == "new")
