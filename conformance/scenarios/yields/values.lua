--- Values pass a yield of a callback both ways, nils included.
local scenario = ...

local thread = scenario.start(function()
  scenario.callback("echo", function(...)
    local count = select("#", ...)
    local function again(...)
      count = select("#", ...)
      return coroutine.yield(count, ...)
    end
    return "last", again(coroutine.yield(count, ...))
  end)
  scenario.pause()
end)
thread:step()
local co = coroutine.create(scenario.fire)
local ok, n, a, b = coroutine.resume(co, "echo", nil, "b", nil)
assert(ok and n == 3 and a == nil and b == "b")
local ok, n, a, b = coroutine.resume(co, nil, nil)
assert(ok and n == 2 and a == nil and b == nil)
local ok, last, x, y = coroutine.resume(co, nil, "y")
assert(ok and last == "last" and x == nil and y == "y")
assert(thread:join())
