--- Coroutines of a callback's own yield to it, not to whoever called it.
local scenario = ...

local thread = scenario.start(function()
  local sum = 0
  scenario.callback("sum", function(limit)
    local numbers = coroutine.wrap(function()
      for i = 1, limit do
        sum = sum + i
        coroutine.yield(i)
      end
    end)
    local count = 0
    for _ in numbers do count = count + 1 end
    return count
  end)
  scenario.pause()
  return sum
end)
thread:step()
assert(scenario.fire("sum", 100) == 100)
local co = coroutine.create(scenario.fire)
local ok, count = coroutine.resume(co, "sum", 10)
assert(ok and count == 10 and coroutine.status(co) == "dead")
local ok, sum = thread:join()
assert(ok and sum == 5050 + 55)
