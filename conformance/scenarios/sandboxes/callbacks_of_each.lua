--- Callbacks of five threads change each its own variable.
local scenario = ...

local threads = {}
for i = 1, 5 do
  threads[i] = scenario.start(function()
    local n = 0
    scenario.callback("n" .. i, function(x) n = n + x; return n end)
    scenario.pause()
    return n
  end)
  threads[i]:step()
end
for i = 1, 5 do
  scenario.fire("n" .. i, i)
  scenario.fire("n" .. i, i)
end
for i = 1, 5 do
  local ok, n = threads[i]:join()
  assert(ok and n == 2 * i)
end
