--- Relaxed: a callback that fails keeps what it has written, and its error reaches the caller.
local scenario = ...

local thread = scenario.start_relaxed(function()
  local n = 0
  scenario.callback("fail", function(problem) n = n + 1; error(problem) end)
  scenario.pause()
  return n
end)
thread:step()
local problem = {}
for _ = 1, 3 do
  local ok, caught = pcall(scenario.fire, "fail", problem)
  assert(not ok and caught == problem)
end
local ok, n = thread:join()
assert(ok and n == 3)
