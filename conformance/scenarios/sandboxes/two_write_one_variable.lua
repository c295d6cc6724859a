--- Two threads in turn write one variable of main, and each sees the other's value.
local scenario = ...

local x = 0
local function body()
  for _ = 1, 3 do
    x = x + 1
    scenario.pause()
  end
end
local a, b = scenario.start(body), nil
a:step()
assert(x == 1)
b = scenario.start(function() x = x + 100 end)
assert(b:join())
assert(x == 101)
a:step()
assert(x == 102)
assert(a:join())
assert(x == 103)
