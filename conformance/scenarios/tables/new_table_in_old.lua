--- A new table put into an old one is shared from then on.
local scenario = ...

local t = {}
local thread = scenario.start(function()
  t.child = { n = 1 }
  scenario.pause()
  assert(t.child.n == 2)
  t.child.n = 3
end)
thread:step()
assert(t.child.n == 1)
t.child.n = 2
assert(thread:join())
assert(t.child.n == 3)
