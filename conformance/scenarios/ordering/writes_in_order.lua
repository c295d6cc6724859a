--- A callback that sees the later of two writes sees the earlier one too.
local scenario = ...

local data, ready, wrong = nil, false, 0
local thread = scenario.start(function()
  scenario.callback("check", function() if ready and data ~= "data" then wrong = wrong + 1 end end)
  scenario.pause()
  data = "data"
  scenario.breathe()
  ready = true
  scenario.settle()
end)
thread:step()
for _ = 1, 10 do
  scenario.post("check")
end
assert(thread:join())
scenario.settle()
assert(wrong == 0 and ready)
