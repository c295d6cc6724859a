--- The thread iterates over what main produces, and changes it.
local scenario = ...

local items = { { n = 1 }, { n = 2 }, { n = 3 } }
local produce = coroutine.wrap(function()
  for _, item in ipairs(items) do
    coroutine.yield(item, item.n)
  end
end)
local sum = scenario.run(function()
  assert(type(produce) == "function")
  local sum = 0
  for item, n in produce do
    assert(item.n == n)
    item.n = item.n * 10
    sum = sum + item.n
  end
  return sum
end)
assert(sum == 60 and items[2].n == 20)
