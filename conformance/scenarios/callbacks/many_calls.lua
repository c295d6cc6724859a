--- A thousand calls of one callback count to a thousand.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("n", function() n = n + 1 end)
  scenario.pause()
  return n
end)
thread:step()
for _ = 1, 1000 do
  scenario.fire("n")
end
local ok, n = thread:join()
assert(ok and n == 1000)
