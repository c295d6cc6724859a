--- A function of the thread that main hands back is the original there.
local scenario = ...

scenario.run(function()
  local f = function() end
  local back = scenario.on_main(function(x) return x end, f)
  assert(back == f)
end)
