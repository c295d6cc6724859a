--- A coroutine of the thread that a callback resumes from within it refuses, and goes on.
local scenario = ...

scenario.run(function()
  local co
  co = coroutine.create(function()
    local ok, problem = scenario.on_main(function() return coroutine.resume(co) end)
    assert(ok == false and problem:find("cannot resume", 1, true), problem)
    local got = coroutine.yield("first")
    return got
  end)
  local ok, value = coroutine.resume(co)
  assert(ok and value == "first", value)
  ok, value = scenario.on_main(function() return coroutine.resume(co, "second") end)
  assert(ok and value == "second", value)
end)
