--- In a callback a table of the thread is the same one each time.
local scenario = ...

scenario.run(function()
  local t, seen = {}, {}
  for i = 1, 3 do
    scenario.on_main(function() seen[i] = t; seen[t] = i end)
  end
  assert(seen[1] == t and seen[2] == t and seen[3] == t and seen[t] == 3)
end)
