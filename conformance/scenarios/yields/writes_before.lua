--- What a callback has written before it yields reaches the thread while it is suspended.
local scenario = ...

local thread = scenario.start(function()
  local before, after = false, false
  scenario.callback("steps", function()
    before = true
    coroutine.yield()
    after = true
  end)
  scenario.pause()
  while not before do scenario.breathe() end
  return after
end)
thread:step()
local co
scenario.post(function()
  co = coroutine.create(scenario.fire)
  assert(coroutine.resume(co, "steps"))
end)
local ok, after = thread:join()
assert(ok and after == false and coroutine.status(co) == "suspended")
