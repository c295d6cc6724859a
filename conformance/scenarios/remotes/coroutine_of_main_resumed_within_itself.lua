--- A coroutine of main that a thread resumes from within it refuses, and goes on.
local scenario = ...

local co
co = coroutine.create(function()
  local refused, problem = scenario.run(function()
    local ok, why = coroutine.resume(co)
    return ok, why
  end)
  assert(refused == false and problem:find("cannot resume", 1, true), problem)
  local got = coroutine.yield("first")
  return got
end)
assert(coroutine.resume(co))
scenario.run(function()
  local ok, value = coroutine.resume(co, "second")
  assert(ok and value == "second", value)
  assert(coroutine.status(co) == "dead")
end)
assert(coroutine.status(co) == "dead")

-- The thread knows it already when it refuses, and resumes the same stand-in later.
local refusing
refusing = coroutine.create(function(within)
  local refused = within()
  assert(refused == false, refused)
  return coroutine.yield("first")
end)
scenario.run(function()
  local function within()
    return (coroutine.resume(refusing))
  end
  local ok, value = scenario.on_main(function() return coroutine.resume(refusing, within) end)
  assert(ok and value == "first", value)
  ok, value = coroutine.resume(refusing, "second")
  assert(ok and value == "second", value)
end)
