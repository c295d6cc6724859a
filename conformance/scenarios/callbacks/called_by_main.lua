--- A callback that the thread hands out runs with the thread's variables.
local scenario = ...

local thread = scenario.start(function()
  local log = {}
  scenario.callback("log", function(x) log[#log + 1] = x end)
  scenario.pause()
  return table.concat(log, ",")
end)
thread:step()
scenario.fire("log", "a")
scenario.fire("log", "b")
local ok, log = thread:join()
assert(ok and log == "a,b")
