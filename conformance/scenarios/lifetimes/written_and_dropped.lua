--- What a callback writes to a table or variable of the thread is not lost when main has dropped and collected it
--- before the callback ends.
local scenario = ...

scenario.run(function()
  local object, kept = {}, nil
  kept = object
  scenario.callback("write", function()
    object.written = 1
    object = nil
    scenario.collect()
  end)
  local count = 0
  local holder = { add = function() count = count + 1 end }
  local add = holder.add
  scenario.callback("count", function()
    holder.add()
    holder.add = nil
    scenario.collect()
  end)
  scenario.fire("write")
  assert(object == nil and kept.written == 1)
  scenario.fire("count")
  assert(holder.add == nil and count == 1)
  add()
  assert(count == 2)
end)
