--- Special numbers in tables survive.
local scenario = ...

local t = { 0 / 0, -0, math.huge }
scenario.run(function()
  assert(t[1] ~= t[1] and 1 / t[2] == -math.huge and t[3] == math.huge)
  t[2], t[3] = 0, -0
end)
assert(1 / t[2] == math.huge and 1 / t[3] == -math.huge)
