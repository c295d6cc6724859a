--- The global table crosses by its name.
local scenario = ...

local globals = _G
scenario.run(function()
  assert(globals == _G and getfenv(0) == _G)
  local own = _G
  scenario.on_main(function() assert(own == _G) end)
end)
