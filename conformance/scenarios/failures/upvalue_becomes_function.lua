--- An upvalue that becomes a function is one (threading.nvim: an assertion fails).
local scenario = ...

scenario.run(function()
  local x = 1
  scenario.on_main(function() x = function() return "function" end end)
  assert(x() == "function")
  x = 2
  scenario.on_main(function() assert(x == 2) end)
end)
