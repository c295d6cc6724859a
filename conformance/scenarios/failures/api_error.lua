--- An error on main reaches the thread as an error (threading.nvim: the thread hangs for ever).
local scenario = ...

local ok, why = scenario.start(function()
  scenario.on_main(function() error("refused by the editor", 0) end)
end):join()
assert(not ok and tostring(why):match("refused by the editor"))
