--- What a callback posts runs as a callback: no increment is lost.
local scenario = ...

local n = 0
local thread = scenario.start(function()
  scenario.callback("start", function()
    for _ = 1, 30 do
      scenario.post(function() n = n + 1 end)
    end
  end)
  scenario.pause()
  for i = 1, 20000 do
    n = n + 1
    if i % 1000 == 0 then scenario.breathe() end
  end
  scenario.settle()
  return n
end)
thread:step()
scenario.post("start")
local ok, seen = thread:join()
assert(ok and seen == 20030 and n == 20030)
