--- A callback that fires itself fifty levels deep counts right.
local scenario = ...

local thread = scenario.start(function()
  local depth, deepest = 0, 0
  scenario.callback("down", function(n)
    depth = depth + 1
    deepest = math.max(deepest, depth)
    if n > 0 then scenario.fire("down", n - 1) end
    depth = depth - 1
  end)
  scenario.pause()
  return depth, deepest
end)
thread:step()
scenario.fire("down", 50)
local ok, depth, deepest = thread:join()
assert(ok and depth == 0 and deepest == 51)
