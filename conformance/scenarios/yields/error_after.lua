--- An error after a yield reaches whoever resumes, and loses nothing that was written.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("fail", function()
    n = n + 1
    coroutine.yield("yielded")
    n = n + 10
    error({ code = 7 })
  end)
  scenario.callback("up", function() n = n + 100; return n end)
  scenario.pause()
  return n
end)
thread:step()
local co = coroutine.create(scenario.fire)
local ok, said = coroutine.resume(co, "fail")
assert(ok and said == "yielded")
local ok, problem = coroutine.resume(co)
assert(not ok and problem.code == 7 and coroutine.status(co) == "dead")
assert(scenario.fire("up") == 111)
local ok, n = thread:join()
assert(ok and n == 111)
