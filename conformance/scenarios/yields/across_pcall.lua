--- A callback yields inside pcall, and catches what happens after it.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("steps", function()
    local ok, problem = pcall(function()
      n = n + 1
      local more = coroutine.yield("inside")
      n = n + more
      error("after the yield", 0)
    end)
    return ok, problem
  end)
  scenario.pause()
  return n
end)
thread:step()
local co = coroutine.wrap(scenario.fire)
assert(co("steps") == "inside")
local ok, problem = co(41)
assert(ok == false and problem == "after the yield")
local ok, n = thread:join()
assert(ok and n == 42)
