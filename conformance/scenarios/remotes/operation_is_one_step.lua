--- The thread goes on with nothing else while a callback waits for an operation.
local scenario = ...

local steps, inside = 0, false
local thread = scenario.start(function()
  local u = newproxy(true)
  getmetatable(u).__index = function()
    local x = 0
    for i = 1, 2000 do x = x + i end
    return x
  end
  scenario.callback("operate", function()
    inside = true
    local before = steps
    local sum = u.a + u.b
    assert(steps == before and sum == 2 * 2001000)
    inside = false
  end)
  scenario.pause()
  for _ = 1, 2000 do
    assert(not inside)
    steps = steps + 1
  end
  scenario.breathe()
  for _ = 1, 2000 do
    assert(not inside)
    steps = steps + 1
  end
end)
thread:step()
scenario.post("operate")
scenario.post("operate")
assert(thread:join())
assert(steps == 4000)
