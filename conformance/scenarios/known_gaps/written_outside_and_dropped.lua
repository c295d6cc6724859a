--- What main's other code writes to a table of a thread is not lost when main has dropped it before the next sync
--- point.
local scenario = ...

local handle = scenario.start(function()
  local object = {}
  scenario.callback("object", function() return object end)
  scenario.pause()
  return object.written
end)
handle:step()
do
  local object = scenario.fire("object")
  object.written = 1
end
scenario.callback("object", nil)
scenario.collect()
local ok, value = handle:join()
assert(ok and value == 1, value)
