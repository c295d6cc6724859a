--- A callback that deletes keys of the thread's table deletes them there.
local scenario = ...

scenario.run(function()
  local t = { a = 1, b = 2, 1, 2, 3 }
  scenario.on_main(function() t.a = nil; table.remove(t, 1) end)
  assert(t.a == nil and t.b == 2 and #t == 2 and t[1] == 2)
end)
