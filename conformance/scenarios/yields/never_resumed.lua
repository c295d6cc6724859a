--- A callback that is never resumed holds nobody up, collected or not.
local scenario = ...

local thread = scenario.start(function()
  local n = 0
  scenario.callback("stuck", function()
    n = n + 1
    coroutine.yield()
    n = n + 1000
  end)
  scenario.pause()
  for _ = 1, 50 do
    n = n + 1
    scenario.breathe()
  end
  return n
end)
thread:step()
for _ = 1, 10 do
  local co = coroutine.create(scenario.fire)
  assert(coroutine.resume(co, "stuck"))
end
scenario.collect()
local ok, n = thread:join()
assert(ok and n == 60)
