--- A thread that waits in a loop for a callback to set a flag sees it.
local scenario = ...

local thread = scenario.start(function()
  local done = false
  scenario.callback("done", function() done = true end)
  scenario.pause()
  while not done do scenario.breathe() end
  return "seen"
end)
thread:step()
scenario.post("done")
local ok, seen = thread:join()
assert(ok and seen == "seen")
