--- A callback that ends in a tail call returns that call's results.
local scenario = ...

scenario.run(function()
  local function count(n) return n == 0 and 0 or count(n - 1) end
  local a, b = scenario.on_main(function() return unpack({ count(5), "b" }) end)
  assert(a == 0 and b == "b")
end)
