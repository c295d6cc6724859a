--- Results of a thread can be used, written and collected long after it has ended.
local scenario = ...

local results = {}
for i = 1, 10 do
  results[i] = scenario.run(function() return { i, f = function() return i end } end)
end
scenario.collect()
for i = 1, 10 do
  assert(results[i][1] == i and results[i].f() == i)
  results[i][1] = nil
end
