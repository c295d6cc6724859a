--- An error in the inner callback can be caught by the outer, and all writes stay.
local scenario = ...

scenario.run(function()
  local log = {}
  scenario.callback("inner", function() log[1] = "inner"; error("inner failed") end)
  scenario.callback("outer", function()
    local ok, why = pcall(scenario.fire, "inner")
    log[2] = not ok and tostring(why):match("inner failed")
  end)
  scenario.fire("outer")
  assert(log[1] == "inner" and log[2] == "inner failed")
end)
