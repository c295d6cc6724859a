--- Main and the thread resume one coroutine by turns, each from where the other has left it.
local scenario = ...

local seen = {}
local co = coroutine.create(function()
  for i = 1, 6 do
    seen[#seen + 1] = coroutine.yield(i)
  end
  return "done"
end)
assert(select(2, coroutine.resume(co)) == 1)
scenario.run(function()
  assert(select(2, coroutine.resume(co, "thread 1")) == 2)
  scenario.on_main(function() assert(select(2, coroutine.resume(co, "callback")) == 3) end)
  assert(select(2, coroutine.resume(co, "thread 2")) == 4)
end)
assert(select(2, coroutine.resume(co, "main")) == 5)
assert(table.concat(seen, ", ") == "thread 1, callback, thread 2, main")
