--- Locals of one thread's body are not those of another's from the same function.
local scenario = ...

local function body(start)
  local n = start
  scenario.pause()
  n = n + 1
  return n
end
local a, b = scenario.start(body, 10), scenario.start(body, 20)
a:step()
b:step()
local _, x = a:join()
local _, y = b:join()
assert(x == 11 and y == 21)
