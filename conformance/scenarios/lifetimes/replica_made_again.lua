--- A table whose replica was collected arrives again with what it holds now.
local scenario = ...

local t = { n = 1 }
local holder = { t }
local thread = scenario.start(function()
  holder[1].n = 2
  holder[1] = nil
  scenario.collect()
  scenario.pause()
  scenario.collect()
  assert(holder[1].n == 3)
  holder[1].n = 4
end)
thread:step()
assert(t.n == 2 and holder[1] == nil)
t.n = 3
holder[1] = t
scenario.collect()
assert(thread:join())
assert(t.n == 4)
