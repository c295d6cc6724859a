--- A test and a change without a call between them are one operation.
local scenario = ...

local free, taken = 10, 0
local thread = scenario.start(function()
  scenario.callback("take", function() if free > 0 then free = free - 1; taken = taken + 1 end end)
  scenario.pause()
  for _ = 1, 20 do
    if free > 0 then free = free - 1; taken = taken + 1 end
    scenario.breathe()
  end
  scenario.settle()
end)
thread:step()
for _ = 1, 20 do
  scenario.post("take")
end
assert(thread:join())
scenario.settle()
assert(free == 0 and taken == 10)
