--- A table of main that a thread returns arrives even when the thread has let go of it before main looks.
local scenario = ...

local handle = scenario.start(function()
  scenario.callback("nothing", function() end)
  scenario.pause()
end)
handle:step()
for _ = 1, 20 do
  local object = {}
  local returned = handle:call(function() return object end)
  local collected = handle:call(function()
    collectgarbage()
    collectgarbage()
  end)
  -- Each is a sync point, at which main takes notice of what has come but not yet of results.
  for _ = 1, 200 do scenario.fire("nothing") end
  local ok, same = returned:join()
  assert(ok and same == object, same)
  assert(collected:join())
end
assert(handle:join())
