--- An entry of a weak table goes when nobody on either side holds its value.
local scenario = ...

local weak = setmetatable({}, { __mode = "v" })
scenario.run(function()
  local t = { "short-lived" }
  scenario.on_main(function(x) weak[1] = x end, t)
  assert(weak[1] == t)
end)
scenario.collect()
scenario.collect()
assert(weak[1] == nil)
