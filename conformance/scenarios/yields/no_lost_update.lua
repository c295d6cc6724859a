--- Increments before and after yields are lost neither here nor there.
local scenario = ...

local n = 0
local thread = scenario.start(function()
  scenario.callback("steps", function()
    for _ = 1, 20 do
      n = n + 1
      coroutine.yield()
      n = n + 1
    end
  end)
  scenario.pause()
  for i = 1, 20000 do
    n = n + 1
    if i % 500 == 0 then scenario.breathe() end
  end
  scenario.settle()
  return n
end)
thread:step()
local co = coroutine.create(scenario.fire)
scenario.post(function() assert(coroutine.resume(co, "steps")) end)
for _ = 1, 20 do
  scenario.post(function() assert(coroutine.resume(co)) end)
end
local ok, seen = thread:join()
assert(ok and seen == 20040 and n == 20040 and coroutine.status(co) == "dead")
