--- Two hundred closures over as many variables do not mix them up.
local scenario = ...

local getters, setters = {}, {}
for i = 1, 200 do
  local x = i
  getters[i] = function() return x end
  setters[i] = function(v) x = v end
end
scenario.run(function()
  for i = 1, 200 do
    assert(getters[i]() == i)
    setters[i](-i)
  end
end)
for i = 1, 200 do
  assert(getters[i]() == -i)
end
