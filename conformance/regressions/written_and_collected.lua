--- What a callback had written to a table of the thread was lost when main collected that before the callback's end.
--- fire c 1 nil
--- schedule seed 367979790
--- schedule moves 1
--- schedule moves 2
--- schedule moves 3
--- schedule moves 4
local H = ...
local n, log, count = 0, {}, 0
local body = function()
  TICK
  local object = {}
  do
    local callback = function(p, q)
      vim.x_landed(n) TICK
      object.s = "written" TICK
      object = {}
      collectgarbage() TICK
      collectgarbage() TICK
      return 1
    end
    vim.run_on_main_thread(function() TICK vim.x_register('c', callback) end) TICK
  end
  for i = 1, 3 do TICK end
  local kept = object
  for i = 1, 3 do TICK end
  TICK return kept, object
end
return H.run(body, function() return log, count, n end)
