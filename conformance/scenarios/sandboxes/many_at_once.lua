--- Thirty threads at once all give their results.
local scenario = ...

local threads = {}
for i = 1, 30 do
  threads[i] = scenario.start(function() return i * i end)
end
for i = 1, 30 do
  local ok, square = threads[i]:join()
  assert(ok and square == i * i)
end
