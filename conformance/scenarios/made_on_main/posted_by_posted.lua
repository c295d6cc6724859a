--- Functions that post functions that post functions: each runs as a callback.
local scenario = ...

local n, done = 0, false
local thread = scenario.start(function()
  scenario.callback("start", function()
    scenario.post(function()
      n = n + 1
      scenario.post(function()
        n = n + 1
        scenario.post(function() n = n + 1; done = true end)
      end)
    end)
  end)
  scenario.pause()
  local turns = 0
  while not done do
    n = n + 1
    turns = turns + 1
    scenario.breathe()
  end
  return turns
end)
thread:step()
scenario.post("start")
local ok, turns = thread:join()
assert(ok and n == turns + 3)
