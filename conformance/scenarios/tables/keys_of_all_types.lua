--- Keys of every type find their values.
local scenario = ...

local key, f = {}, function() end
local t = { [1] = "int", [1.5] = "float", [true] = "true", [false] = "false", s = "string", [key] = "table", [f] = "function" }
t[-1], t[0], t[2 ^ 40], t[math.huge] = "minus", "zero", "large", "inf"
scenario.run(function()
  assert(t[1] == "int" and t[1.5] == "float" and t[true] == "true" and t[false] == "false")
  assert(t.s == "string" and t[key] == "table" and t[f] == "function")
  assert(t[-1] == "minus" and t[0] == "zero" and t[2 ^ 40] == "large" and t[math.huge] == "inf")
  t[key], t[f], t[false] = "T", "F", nil
end)
assert(t[key] == "T" and t[f] == "F" and t[false] == nil)
