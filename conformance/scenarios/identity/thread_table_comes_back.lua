--- A table of the thread that main hands back is the original there.
local scenario = ...

scenario.run(function()
  local t = {}
  local kept
  local back = scenario.on_main(function(x) kept = x; return x end, t)
  assert(back == t and kept == t)
end)
