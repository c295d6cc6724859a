--- A callback that fires another of the same thread works, with all variables.
local scenario = ...

local thread = scenario.start(function()
  local log = {}
  scenario.callback("inner", function() log[#log + 1] = "inner" end)
  scenario.callback("outer", function()
    log[#log + 1] = "before"
    scenario.fire("inner")
    log[#log + 1] = "after"
  end)
  scenario.fire("outer")
  return table.concat(log, " ")
end)
local ok, log = thread:join()
assert(ok, log)
assert(log == "before inner after")
