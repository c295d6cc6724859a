--- Relaxed: increments of both sides may be lost, but what they leave is a count of some of them.
local scenario = ...

local n = 0
local thread = scenario.start_relaxed(function()
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
for _ = 1, 50 do scenario.post("up") end
local ok, seen = thread:join()
scenario.settle()
thread:sync()
assert(ok and type(n) == "number" and n == math.floor(n) and n >= 50 and n <= 20050)
