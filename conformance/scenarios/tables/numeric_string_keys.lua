--- The keys 1 and "1" stay different.
local scenario = ...

local t = { [1] = "number", ["1"] = "string" }
scenario.run(function()
  assert(t[1] == "number" and t["1"] == "string")
  t["1"] = nil
end)
assert(t[1] == "number" and t["1"] == nil)
