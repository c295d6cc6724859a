--- An error of a function that ran on main ended the thread with a position put before it.
--- schedule seed 1302003906
--- schedule moves
local H = ...
local n, log, count = 0, {}, 0
local body = function()
  TICK
  vim.run_on_main_thread(function() TICK error("", 0) end)
  TICK
end
return H.run(body, function() return log, count, n end)
