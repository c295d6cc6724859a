--- A coroutine of main that a thread's call resumes from within it refuses, and goes on.
local scenario = ...

local co
scenario.run(function()
  scenario.callback("inner", function() return coroutine.resume(co) end)
end)
local thread = scenario.start(function()
  scenario.pause()
  local ok, value = coroutine.resume(co, "second")
  assert(ok and value == "second", value)
end)
co = coroutine.create(function()
  local ok, problem = scenario.fire("inner")
  assert(ok == false and problem:find("cannot resume", 1, true), problem)
  return coroutine.yield("first")
end)
local ok, value = coroutine.resume(co)
assert(ok and value == "first", value)
assert(thread:join())
