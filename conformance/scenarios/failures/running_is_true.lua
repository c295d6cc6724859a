--- is_running is true as long as the thread runs (threading.nvim: false while it spins).
local scenario = ...

local thread = scenario.start(function()
  scenario.pause()
  while true do scenario.breathe() end
end)
thread:step()
assert(thread:is_running())
thread:cancel("stop")
thread:join()
assert(not thread:is_running())
