--- A yield crosses pcall in the thread.
local scenario = ...

local x = 0
scenario.run(function()
  local co = coroutine.wrap(function()
    return pcall(function()
      x = x + coroutine.yield("waiting")
      error("after", 0)
    end)
  end)
  assert(co() == "waiting")
  local ok, why = co(5)
  assert(not ok and why == "after")
end)
assert(x == 5)
