--- A table that contains itself crosses.
local scenario = ...

local t = {}
t.self = t
local same = scenario.run(function()
  assert(t.self == t and t.self.self == t)
  t.other = { back = t }
  return t
end)
assert(same == t and t.other.back == t)
