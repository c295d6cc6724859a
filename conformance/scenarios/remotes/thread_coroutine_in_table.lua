--- A coroutine of the thread may lie in a shared table.
local scenario = ...

local t = {}
scenario.run(function()
  local co = coroutine.wrap(function() return 1 end)
  local thread = coroutine.create(function() return "done" end)
  t.co = thread
  scenario.on_main(function() assert(t.co ~= nil) end)
  assert(t.co == thread and select(2, coroutine.resume(t.co)) == "done" and co() == 1)
end)
assert(t.co ~= nil)
