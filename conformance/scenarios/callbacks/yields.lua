--- A callback that yields inside a coroutine on main goes on where it was.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("steps", function()
    n = n + 1
    local more = coroutine.yield("first")
    n = n + more
    return "second"
  end)
  scenario.pause()
  return n
end)
thread:step()
local co = coroutine.create(scenario.fire)
local ok, first = coroutine.resume(co, "steps")
assert(ok and first == "first")
local ok, second = coroutine.resume(co, 10)
assert(ok and second == "second" and coroutine.status(co) == "dead")
local ok, n = thread:join()
assert(ok and n == 11)
