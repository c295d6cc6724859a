--- An error on main that the thread does not catch fails the thread.
local scenario = ...

local ok, why = scenario.start(function()
  scenario.on_main(function() error("uncaught") end)
end):join()
assert(not ok and tostring(why):match("uncaught"))
