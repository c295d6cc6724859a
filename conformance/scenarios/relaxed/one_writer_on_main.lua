--- Relaxed: no write of a callback is lost to a variable that the thread only reads.
local scenario = ...

local thread = scenario.start_relaxed(function()
  local n, list = 0, {}
  scenario.callback("add", function()
    n = n + 1
    list[#list + 1] = n
  end)
  scenario.pause()
  local last, wrong = 0, 0
  for i = 1, 20000 do
    if n < last then wrong = wrong + 1 end
    last = n
    if i % 1000 == 0 then scenario.breathe() end
  end
  scenario.settle()
  for i = 1, #list do
    if list[i] ~= i then wrong = wrong + 1 end
  end
  return wrong, n, #list
end)
thread:step()
for _ = 1, 30 do scenario.post("add") end
local ok, wrong, n, length = thread:join()
assert(ok and wrong == 0 and n == 30 and length == 30)
