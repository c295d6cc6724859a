--- A function that a callback has returned hands its writes over when main calls it.
local scenario = ...

local thread = scenario.start(function()
  local stop = false
  scenario.callback("make", function()
    return function() stop = true; return "stopped" end
  end)
  scenario.pause()
  while not stop do scenario.breathe() end
  return "done"
end)
thread:step()
local stop = scenario.fire("make")
local said
scenario.post(function() said = stop() end)
local ok, result = thread:join()
assert(ok and result == "done" and said == "stopped")
