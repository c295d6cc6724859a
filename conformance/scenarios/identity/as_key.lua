--- A table is the same key on both sides.
local scenario = ...

local key = {}
local set = { [key] = true }
local other = scenario.run(function()
  assert(set[key])
  local own = {}
  set[own] = "own"
  return own
end)
assert(set[other] == "own" and set[key])
