--- A callback that calls another, which yields: both give way, both go on.
local scenario = ...

local thread = scenario.start(function()
  local log = {}
  local function inner(x)
    log[#log + 1] = "inner " .. x
    local got = coroutine.yield("asked by inner " .. x)
    log[#log + 1] = "got " .. got
    return got * 2
  end
  scenario.callback("inner", inner)
  scenario.callback("outer", function()
    log[#log + 1] = "outer"
    local a = scenario.fire("inner", 1)
    local b = inner(2)
    return a + b
  end)
  scenario.pause()
  return table.concat(log, ", ")
end)
thread:step()
local co = coroutine.create(scenario.fire)
local ok, said = coroutine.resume(co, "outer")
assert(ok and said == "asked by inner 1")
local ok, said = coroutine.resume(co, 10)
assert(ok and said == "asked by inner 2")
local ok, sum = coroutine.resume(co, 5)
assert(ok and sum == 30 and coroutine.status(co) == "dead")
local ok, log = thread:join()
assert(ok and log == "outer, inner 1, got 10, inner 2, got 5")
