--- A callback that another callback called, or that was called after its thread's end, lost its results but one.
--- fire a 1 nil
--- schedule moves 0
--- schedule moves 3
--- schedule moves 4000
--- schedule seed 212000636
local H = ...
local n, log, count = 0, {}, 0
local body = function(p, q, ...)
  TICK
  vim.run_on_main_thread(function(callback) TICK vim.x_register('a', callback) end, function(p, q, ...)
    vim.x_landed(n)
    TICK
    if n > 20 then return 0, p, q, 'all' end
    local first, second, third, fourth = vim.x_fire('a', nil, 0)
    TICK
    return second, first, third, fourth
  end)
  TICK
end
return H.run(body, function() return log, count, n end)
