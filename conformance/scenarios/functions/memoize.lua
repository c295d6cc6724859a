--- A memoizing wrapper keeps one cache for both sides.
local scenario = ...

local calls, cache = 0, {}
local function square(x)
  if cache[x] == nil then
    calls = calls + 1
    cache[x] = x * x
  end
  return cache[x]
end
scenario.run(function() square(2); square(3); square(2) end)
assert(square(3) == 9 and square(4) == 16 and calls == 3)
