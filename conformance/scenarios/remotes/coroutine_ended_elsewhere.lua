--- A coroutine that one side has brought to its end is dead on the other.
local scenario = ...

local co = coroutine.create(function() coroutine.yield() end)
scenario.run(function()
  local own = coroutine.create(function() coroutine.yield() end)
  scenario.on_main(function()
    assert(coroutine.status(own) == "suspended")
    coroutine.resume(co)
    coroutine.resume(co)
    assert(coroutine.status(co) == "dead")
  end)
  assert(coroutine.status(co) == "dead")
  coroutine.resume(own)
  coroutine.resume(own)
  assert(coroutine.status(own) == "dead")
  scenario.on_main(function() assert(coroutine.status(own) == "dead") end)
end)
