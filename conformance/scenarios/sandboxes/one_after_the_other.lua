--- Threads one after the other go on with what the last one left.
local scenario = ...

local t = { sum = 0 }
for i = 1, 10 do
  scenario.run(function() t.sum = t.sum + i; t[i] = t.sum end)
end
assert(t.sum == 55 and t[10] == 55 and t[1] == 1)
