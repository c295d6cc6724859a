--- The thread and its callbacks resume one coroutine by turns, each from where the other has left it.
local scenario = ...

scenario.run(function()
  local seen = {}
  local co = coroutine.create(function()
    for i = 1, 6 do
      seen[#seen + 1] = coroutine.yield(i)
    end
    return "done"
  end)
  assert(select(2, coroutine.resume(co)) == 1)
  scenario.on_main(function() assert(select(2, coroutine.resume(co, "callback 1")) == 2) end)
  assert(select(2, coroutine.resume(co, "thread")) == 3)
  scenario.on_main(function()
    assert(select(2, coroutine.resume(co, "callback 2")) == 4)
    assert(select(2, coroutine.resume(co, "callback 3")) == 5)
  end)
  assert(table.concat(seen, ", ") == "callback 1, thread, callback 2, callback 3")
end)
