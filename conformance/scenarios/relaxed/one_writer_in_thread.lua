--- Relaxed: callbacks see the values of a variable that the thread alone writes in their order, and main the last.
local scenario = ...

local n, t = 0, { count = 0 }
local thread = scenario.start_relaxed(function()
  local last, wrong = 0, 0
  scenario.callback("look", function()
    if type(n) ~= "number" or n < last or n ~= math.floor(n) then wrong = wrong + 1 end
    last = n
  end)
  scenario.pause()
  for i = 1, 20000 do
    n = i
    t.count = -i
    if i % 1000 == 0 then scenario.breathe() end
  end
  scenario.settle()
  return wrong
end)
thread:step()
for _ = 1, 30 do scenario.post("look") end
local ok, wrong = thread:join()
assert(ok and wrong == 0 and n == 20000 and t.count == -20000)
