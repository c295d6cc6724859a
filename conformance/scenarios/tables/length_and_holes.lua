--- Length and order of a list survive, and so does what lies behind a hole.
local scenario = ...

local t = { 1, 2, 3, 4, 5 }
t[7] = 7
scenario.run(function()
  assert(t[7] == 7 and t[6] == nil)
  t[6] = 6
  assert(#t == 7)
  table.remove(t, 1)
end)
assert(#t == 6 and t[1] == 2 and t[6] == 7)
