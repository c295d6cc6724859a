--- An increment in the thread and one in a callback never lose each other.
local scenario = ...

local n = 0
local thread = scenario.start(function()
  scenario.callback("up", function() n = n + 1 end)
  scenario.pause()
  for i = 1, 20000 do
    n = n + 1
    if i % 1000 == 0 then scenario.breathe() end
  end
  scenario.settle()
  return n
end)
thread:step()
for _ = 1, 50 do
  scenario.post("up")
end
local ok = thread:join()
scenario.settle()
thread:sync()
assert(ok and n == 20050)
