--- A callback that is resumed sees what the thread has written since it yielded.
local scenario = ...

local thread = scenario.start(function()
  local answer, seen = 0, {}
  scenario.callback("steps", function()
    for i = 1, 4 do
      coroutine.yield()
      seen[i] = answer
    end
    return "end"
  end)
  scenario.pause()
  for i = 1, 4 do
    answer = i * i
    scenario.post("resume")
    scenario.settle()
    assert(seen[i] == answer)
  end
  return table.concat(seen, " ")
end)
thread:step()
local co = coroutine.create(scenario.fire)
assert(coroutine.resume(co, "steps"))
scenario.callback("resume", function() assert(coroutine.resume(co)) end)
local ok, seen = thread:join()
assert(ok and seen == "1 4 9 16" and coroutine.status(co) == "dead")
