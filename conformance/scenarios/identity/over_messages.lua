--- An object sent in several messages is one object each time.
local scenario = ...

local seen = {}
local thread = scenario.start(function()
  local t = {}
  for _ = 1, 5 do
    scenario.on_main(function(x) seen[#seen + 1] = x end, t)
    scenario.pause()
  end
end)
for _ = 1, 5 do
  thread:step()
end
assert(thread:join())
for i = 2, 5 do
  assert(seen[i] == seen[1])
end
