--- A call to main sees everything that the thread wrote before it.
local scenario = ...

scenario.run(function()
  local n, t = 0, {}
  for i = 1, 50 do
    n, t[i] = i, i
    scenario.on_main(function(expected) assert(n == expected and #t == expected) end, i)
  end
end)
