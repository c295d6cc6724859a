--- After a call to main the thread sees everything that was written there.
local scenario = ...

scenario.run(function()
  local n, t = 0, {}
  for i = 1, 50 do
    scenario.on_main(function(x) n = x; t[x] = x * x end, i)
    assert(n == i and t[i] == i * i and #t == i)
  end
end)
