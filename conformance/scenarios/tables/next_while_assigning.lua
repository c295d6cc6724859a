--- A thread that clears a shared table while it traverses it leaves it empty on both sides.
local scenario = ...

local t = {}
for i = 1, 100 do
  t["k" .. i] = i
end
scenario.run(function()
  for k in pairs(t) do t[k] = nil end
  assert(next(t) == nil)
end)
assert(next(t) == nil)
