--- A key that main deletes is gone for the thread.
local scenario = ...

local t = { a = 1, b = 2 }
local thread = scenario.start(function()
  scenario.pause()
  assert(t.a == nil and t.b == 2 and next(t) == "b" and next(t, "b") == nil)
end)
thread:step()
t.a = nil
assert(thread:join())
