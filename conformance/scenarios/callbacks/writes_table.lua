--- A callback's writes to a table of the thread are seen by the thread.
local scenario = ...

scenario.run(function()
  local t = { list = {} }
  scenario.on_main(function()
    t.list[1] = "one"
    t.new = { deep = true }
  end)
  assert(t.list[1] == "one" and t.new.deep)
  t.new.deep = false
  scenario.on_main(function() assert(t.new.deep == false) end)
end)
