--- table.insert, remove and sort on a shared list are seen on the other side.
local scenario = ...

local t = { 3, 1, 2 }
scenario.run(function()
  table.insert(t, 5)
  table.insert(t, 1, 4)
  table.sort(t)
  assert(table.remove(t) == 5)
end)
assert(table.concat(t, ",") == "1,2,3,4")
table.insert(t, 9)
scenario.run(function() assert(t[5] == 9 and #t == 5) end)
