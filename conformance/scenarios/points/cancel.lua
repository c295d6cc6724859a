--- A cancelled thread gets the reason as an error, keeps its writes, and is over after join.
local scenario = ...

local x, cleaned = 0, false
local thread = scenario.start(function()
  x = 1
  local ok, why = pcall(function()
    scenario.pause()
    while true do scenario.breathe() end
  end)
  cleaned = not ok and why
  error(why, 0)
end)
thread:step()
assert(thread:is_running())
thread:cancel("enough")
local ok, why = thread:join()
assert(not ok and tostring(why):match("enough") and x == 1 and not thread:is_running())
