--- A weak table keeps its entries as long as the thread has their keys and values, whatever main has collected.
local scenario = ...

local weak = setmetatable({}, { __mode = "kv" })
local thread = scenario.start(function()
  local key, value = {}, {}
  local function check()
    assert(weak[key] == value and weak[1] == key)
  end
  weak[key] = value
  weak[1] = key
  for _ = 1, 3 do
    scenario.pause()
    check()
    scenario.on_main(function() weak.n = (weak.n or 0) + 1 end)
    check()
  end
  weak[key] = nil
  return weak.n
end)
for _ = 1, 3 do
  thread:step()
  scenario.collect()
  thread:sync()
end
local ok, n = thread:join()
assert(ok and n == 3, n)
scenario.collect()
