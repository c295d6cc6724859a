--- Two functions of a callback that call each other.
local scenario = ...

local thread = scenario.start(function()
  local depth = 0
  scenario.callback("make", function()
    local even, odd
    function even(n) depth = depth + 1; if n == 0 then return true end return odd(n - 1) end
    function odd(n) depth = depth + 1; if n == 0 then return false end return even(n - 1) end
    return { even = even, odd = odd }
  end)
  scenario.pause()
  return depth
end)
thread:step()
local parity = scenario.fire("make")
assert(parity.even(500) == true and parity.odd(500) == false)
local ok, depth = thread:join()
assert(ok and depth == 1002)
