--- A variable may change its type at every step, on either side.
local scenario = ...

local x = 1
local thread = scenario.start(function()
  for _, value in ipairs({ "s", false, 2.5, {} }) do
    scenario.pause()
    x = value
  end
  scenario.pause()
  x = nil
end)
thread:step()
assert(x == 1)
for _, kind in ipairs({ "string", "boolean", "number", "table", "nil" }) do
  thread:step()
  assert(type(x) == kind)
end
