--- A coroutine of the thread that runs something on main yields afterwards as if it had not.
local scenario = ...

scenario.run(function()
  local co = coroutine.create(function(x)
    for _ = 1, 3 do
      x = coroutine.yield(scenario.on_main(function() return x * 2 end))
    end
    return "end"
  end)
  scenario.on_main(function()
    local ok, y = coroutine.resume(co, 1)
    assert(ok and y == 2)
    ok, y = coroutine.resume(co, 10)
    assert(ok and y == 20)
  end)
  local ok, y = coroutine.resume(co, 100)
  assert(ok and y == 200 and select(2, coroutine.resume(co)) == "end")
end)
