--- Relaxed: a callback may yield, and the thread sees what it has written up to then.
local scenario = ...

local thread = scenario.start_relaxed(function()
  local steps = 0
  scenario.callback("steps", function()
    for i = 1, 3 do
      steps = i
      coroutine.yield(i)
    end
    steps = "end"
  end)
  scenario.pause()
  while steps ~= "end" do scenario.breathe() end
  return steps
end)
thread:step()
local co = coroutine.create(scenario.fire)
for i = 1, 4 do
  scenario.post(function()
    local ok, step = coroutine.resume(co, "steps")
    assert(ok and step == (i < 4 and i or nil))
  end)
end
local ok, steps = thread:join()
assert(ok and steps == "end")
