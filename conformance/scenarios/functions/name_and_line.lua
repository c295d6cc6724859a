--- A function keeps its chunk name and line on the other side.
local scenario = ...

local function here()
  local info = debug.getinfo(1, "Sl")
  return info
end
local own = here()
local info = scenario.run(function() return here() end)
assert(info.short_src == own.short_src and info.currentline == own.currentline and info.linedefined == own.linedefined)
