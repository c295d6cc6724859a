--- `coroutine.status` says of a coroutine that runs on the other side that it does.
local scenario = ...

local of_main
of_main = coroutine.create(function(ask)
  local outside = ask()
  local inside
  coroutine.resume(coroutine.create(function() inside = ask() end))
  return outside, inside
end)

scenario.run(function()
  local of_thread
  of_thread = coroutine.create(function()
    local function ask()
      return scenario.on_main(function() return coroutine.status(of_thread) end)
    end
    assert(ask() == "running")
    local inner = coroutine.create(function() return ask() end)
    local ok, state = coroutine.resume(inner)
    assert(ok and state == "normal", state)
    coroutine.yield()
  end)
  assert(coroutine.resume(of_thread))
  local function state_on_main()
    return scenario.on_main(function() return coroutine.status(of_thread) end)
  end
  assert(state_on_main() == "suspended")
  assert(coroutine.resume(of_thread))
  assert(state_on_main() == "dead")

  assert(coroutine.status(of_main) == "suspended")
  local ok, outside, inside = scenario.on_main(function()
    return coroutine.resume(of_main, function() return coroutine.status(of_main) end)
  end)
  assert(ok, outside)
  assert(outside == "running" and inside == "normal", outside)
  assert(coroutine.status(of_main) == "dead")
end)
