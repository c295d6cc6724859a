--- The thread never sees half of a callback.
local scenario = ...

local thread = scenario.start(function()
  local a, b, torn = 0, 0, 0
  scenario.callback("both", function()
    a = a + 1
    for _ = 1, 100 do end
    b = b + 1
  end)
  scenario.pause()
  for _ = 1, 40 do
    local x, y = a, b
    if x ~= y then torn = torn + 1 end
    scenario.breathe()
  end
  scenario.settle()
  return torn, a, b
end)
thread:step()
for _ = 1, 20 do
  scenario.post("both")
end
local ok, torn, a, b = thread:join()
assert(ok and torn == 0 and a == b)
